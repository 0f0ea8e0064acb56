#!/usr/bin/env bash
# VTK's mesh booleans return nothing where the surfaces don't cross.
#
# You would expect the difference of an implant and a screw hole that misses it to be the implant, the union of two
# separate parts to be both, and a plate minus the cavity inside it to be hollow. vtkBooleanOperationPolyDataFilter and
# vtkLoopBooleanPolyDataFilter return an empty mesh in all these cases; they print "No Intersection" and carry on.
# manifold3d gives the right volume each time. Where surfaces cross, all three agree.
# Seen with VTK 9.6.2 and manifold3d 3.5.4.
# Do this instead: use manifold3d, or treat "one inside the other" and "apart" yourself before you call VTK.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  vtk==9.6.2 manifold3d==3.5.4 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import manifold3d
import numpy as np
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkObject
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkFiltersCore import vtkTriangleFilter
from vtkmodules.vtkFiltersGeneral import vtkBooleanOperationPolyDataFilter, vtkLoopBooleanPolyDataFilter
from vtkmodules.vtkFiltersSources import vtkSphereSource

vtkObject.GlobalWarningDisplayOff()


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def sphere(radius, x):
    source, triangles = vtkSphereSource(), vtkTriangleFilter()
    source.SetRadius(radius)
    source.SetCenter(x, 0, 0)
    source.SetThetaResolution(40)
    source.SetPhiResolution(40)
    triangles.SetInputConnection(source.GetOutputPort())
    triangles.Update()
    copy = vtkPolyData()
    copy.DeepCopy(triangles.GetOutput())
    return copy


def parts(surface):
    points = vtk_to_numpy(surface.GetPoints().GetData()).astype(np.float32)
    return points, vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3).astype(np.uint32)


def volume(surface):
    if not surface.GetNumberOfPolys():
        return 0.0
    points, faces = parts(surface)
    a, b, c = points[faces].astype(float).transpose(1, 0, 2)
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def solid(surface):
    made = manifold3d.Manifold(manifold3d.Mesh(*parts(surface)))
    expect(made.status() == manifold3d.Error.NoError, "manifold3d refuses the phantom")
    return made


big = sphere(10, 0)
V, v = volume(big), volume(sphere(5, 0))
wanted = {
    "one inside the other": (sphere(5, 0), {"union": V, "intersection": v, "difference": V - v}),
    "apart": (sphere(5, 40), {"union": V + v, "intersection": 0.0, "difference": V}),
    "crossing": (sphere(5, 9), None),
}
for place, (small, volumes) in wanted.items():
    a, b = solid(big), solid(small)
    truth = {"union": (a + b).volume(), "intersection": (a ^ b).volume(), "difference": (a - b).volume()}
    for code, operation in enumerate(("union", "intersection", "difference")):
        found = {}
        for kind in (vtkBooleanOperationPolyDataFilter, vtkLoopBooleanPolyDataFilter):
            boolean = kind()
            boolean.SetOperation(code)
            boolean.SetInputData(0, big)
            boolean.SetInputData(1, small)
            boolean.Update()
            found[kind.__name__] = volume(boolean.GetOutput())
        print(
            f"{place}, {operation}: manifold3d {truth[operation]:.0f},",
            ", ".join(f"{k} {x:.0f}" for k, x in found.items()),
        )
        for name, value in found.items():
            if volumes is None:
                expect(abs(value - truth[operation]) < 0.01 * V, f"{name} no longer agrees where surfaces cross")
            else:
                expect(abs(truth[operation] - volumes[operation]) < 1, "manifold3d is wrong")
                expect(value == 0, f"{name} gives a surface for parts that don't cross")
PYTHON
