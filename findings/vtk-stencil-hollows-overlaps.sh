#!/usr/bin/env bash
# Where two bones of a mesh overlap, VTK and trimesh see a hole.
#
# You would expect a point that lies inside two closed surfaces to be inside. Skulls come as such meshes: sutures of
# separate bones overlap, and so do a plate and the bone that it is screwed to. vtkPolyDataToImageStencil,
# vtkSelectEnclosedPoints and trimesh's contains() count how often a ray crosses the surface and take an even number for
# outside, so what two bones share is left out, and where a plate overlaps the bone there is a gap instead. The mesh is
# watertight and correctly oriented, and nothing warns.
# Seen with VTK 9.6.2, trimesh 5.2.0 and manifold3d 3.5.4: two balls of 3,269 mm3 together give 2,286 mm3.
# Do this instead: unite the parts with manifold3d first, or make voxels of each part and unite those.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  vtk==9.6.2 trimesh==5.2.0 manifold3d==3.5.4 numpy==2.2.6 scipy==1.15.3 rtree==1.4.1
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
import trimesh
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkFiltersModeling import vtkSelectEnclosedPoints
from vtkmodules.vtkImagingStencil import vtkImageStencilToImage, vtkPolyDataToImageStencil

PITCH = 0.5
SHAPE = (57, 45, 45)
ORIGIN = np.array([-11.0, -11.0, -11.0])


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def poly_data(points, faces=()):
    data, vertices, cells = vtkPolyData(), vtkPoints(), vtkCellArray()
    vertices.SetData(numpy_to_vtk(np.array(points, float), deep=True))
    data.SetPoints(vertices)
    if len(faces):
        cells.SetData(3, numpy_to_vtkIdTypeArray(np.array(faces, np.int64).ravel(), deep=True))
        data.SetPolys(cells)
    return data


def stencil(mesh):
    to_stencil, to_image = vtkPolyDataToImageStencil(), vtkImageStencilToImage()
    to_stencil.SetInputData(poly_data(mesh.vertices, mesh.faces))
    to_stencil.SetOutputOrigin(ORIGIN)
    to_stencil.SetOutputSpacing(PITCH, PITCH, PITCH)
    to_stencil.SetOutputWholeExtent(0, SHAPE[0] - 1, 0, SHAPE[1] - 1, 0, SHAPE[2] - 1)
    to_image.SetInputConnection(to_stencil.GetOutputPort())
    to_image.SetInsideValue(1)
    to_image.SetOutsideValue(0)
    to_image.Update()
    return vtk_to_numpy(to_image.GetOutput().GetPointData().GetScalars()).sum()


def enclosed(mesh):
    select = vtkSelectEnclosedPoints()
    select.SetInputData(poly_data(centers))
    select.SetSurfaceData(poly_data(mesh.vertices, mesh.faces))
    select.Update()
    return vtk_to_numpy(select.GetOutput().GetPointData().GetArray("SelectedPoints")).sum()


balls = [trimesh.creation.icosphere(subdivisions=3, radius=8) for _ in range(2)]
balls[1].apply_translation((6, 0, 0))
mesh = trimesh.util.concatenate(balls)
expect(mesh.is_watertight and mesh.is_winding_consistent, "the phantom of this script is wrong")
union = trimesh.boolean.union(balls, engine="manifold").volume
shared = sum(ball.volume for ball in balls) - union
centers = np.indices(SHAPE).reshape(3, -1).T * PITCH + ORIGIN
for name, inside in (
    ("vtkPolyDataToImageStencil", stencil),
    ("vtkSelectEnclosedPoints", enclosed),
    ("trimesh's contains()", lambda whole: whole.contains(centers).sum()),
):
    found = inside(mesh) * PITCH**3
    print(f"two balls of {union:.0f} mm3 that share {shared:.0f}: {found:.0f} mm3 with {name}")
    expect(abs(found / (union - shared) - 1) < 0.02, f"{name} no longer leaves out what both balls share")
alone = stencil(balls[0]) * PITCH**3
expect(abs(alone / balls[0].volume - 1) < 0.02, "the stencil is wrong for a single ball")
PYTHON
