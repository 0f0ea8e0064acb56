#!/usr/bin/env bash
# Whether a surface follows the directions of a volume depends on which filter of VTK makes it.
#
# vtkImageData carries a direction matrix. You would expect vtkContourFilter, which chooses a filter for its input, to
# give the surface that vtkFlyingEdges3D gives. It ignores the directions, as vtkSynchronizedTemplates3D does, so the
# surface of an LPS volume lies mirrored through the vertical axis; vtkMarchingCubes, vtkDiscreteMarchingCubes and
# vtkFlyingEdges3D heed them. And where the directions form a left hand, the filters that heed them make the surface
# inside out, which vtkMassProperties doesn't show, since it gives volumes without a sign.
# Seen with VTK 9.6.2.
# Do this instead: use vtkFlyingEdges3D or vtkDiscreteMarchingCubes, and reverse triangles if the determinant of the
# directions is negative; take the volume from a sum of signed tetrahedra.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  vtk==9.6.2 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkFiltersCore import (
    vtkContourFilter,
    vtkFlyingEdges3D,
    vtkMarchingCubes,
    vtkMassProperties,
    vtkSynchronizedTemplates3D,
    vtkTriangleFilter,
)
from vtkmodules.vtkFiltersGeneral import vtkDiscreteMarchingCubes


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


voxels = np.zeros((20, 20, 20), np.uint8)
voxels[5:10, 6:12, 7:14] = 1
CENTER = np.array([7.0, 8.5, 10.0])
HEED = {vtkFlyingEdges3D: True, vtkMarchingCubes: True, vtkDiscreteMarchingCubes: True, vtkContourFilter: False,
        vtkSynchronizedTemplates3D: False}  # fmt: skip
for name, signs in (("LPS", (-1, -1, 1)), ("left-handed", (-1, 1, 1))):
    volume = vtkImageData()
    volume.SetDimensions(20, 20, 20)
    volume.SetDirectionMatrix(*np.diag(signs).astype(float).ravel())
    volume.GetPointData().SetScalars(numpy_to_vtk(voxels.ravel(order="F"), deep=True))
    for kind, heeds in HEED.items():
        contour, triangles, mass = kind(), vtkTriangleFilter(), vtkMassProperties()
        contour.SetInputData(volume)
        contour.SetValue(0, 1 if kind is vtkDiscreteMarchingCubes else 0.5)
        triangles.SetInputConnection(contour.GetOutputPort())
        mass.SetInputConnection(triangles.GetOutputPort())
        mass.Update()
        surface = triangles.GetOutput()
        points = vtk_to_numpy(surface.GetPoints().GetData()).astype(float)
        corners = points[vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3)]
        signed = np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6
        center = (points.min(axis=0) + points.max(axis=0)) / 2
        print(f"{name:11} {kind.__name__:26} center {center.tolist()}, volume {signed:.0f}, "
              f"by vtkMassProperties {mass.GetVolume():.0f}")  # fmt: skip
        expect(np.allclose(center, CENTER * (signs if heeds else 1)), f"{kind.__name__} puts the surface elsewhere")
        inside_out = heeds and np.prod(signs) < 0
        expect((signed < 0) == inside_out, f"{kind.__name__} orders the triangles otherwise")
        expect(mass.GetVolume() > 0, "vtkMassProperties gives signed volumes")
PYTHON
