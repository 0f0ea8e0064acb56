#!/usr/bin/env bash
# trimesh counts the relative corners of an OBJ file from the end of the file, so that all faces lie on the last ones.
#
# A face of an OBJ file may name its corners by negative numbers, counted back from where the face stands: -1 is the last
# vertex before it. Exporters that write each face or each part after its own vertices use them. You would expect
# every reader to count from the face. trimesh counts from the last vertex of the whole file: of a closed box 30 mm
# high, all twelve triangles lie on its top, and nothing is raised or said; of a file with several bones, the faces of
# all are drawn between the vertices of the last one. VTK reads the same file right.
# Seen with trimesh 5.2.0 and VTK 9.6.2.
# Do this instead: read such files with vtkOBJReader, or replace the numbers before trimesh sees them.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  trimesh==5.2.0 vtk==9.6.2 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
import trimesh
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkFiltersCore import vtkTriangleFilter
from vtkmodules.vtkIOGeometry import vtkOBJReader


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


points = np.array([(x, y, z) for x in (0, 10) for y in (0, 20) for z in (0, 30)], float)
sides = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
with open("relative.obj", "w") as file:
    for side in sides:
        file.writelines("v {:g} {:g} {:g}\n".format(*points[corner]) for corner in side)
        file.write("f -4 -3 -2 -1\n")


def spread(vertices, faces):
    """Return the size of the surface along x, y and z."""
    return np.ptp(np.asarray(vertices, float)[np.asarray(faces).ravel()], axis=0).tolist()


reader = vtkOBJReader()
reader.SetFileName("relative.obj")
triangles = vtkTriangleFilter()
triangles.SetInputConnection(reader.GetOutputPort())
triangles.Update()
surface = triangles.GetOutput()
corners = vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3)
by_vtk = spread(vtk_to_numpy(surface.GetPoints().GetData()), corners)
read = trimesh.load_mesh("relative.obj", process=False)
by_trimesh = spread(read.vertices, read.faces)
print(f"VTK: {len(corners)} triangles, {by_vtk} mm")
print(f"trimesh: {len(read.faces)} triangles, {by_trimesh} mm")
expect(len(corners) == 12 and by_vtk == [10, 20, 30], "VTK reads the box otherwise")
expect(len(read.faces) == 12 and by_trimesh == [10, 20, 0], "trimesh counts from the face now")
PYTHON
