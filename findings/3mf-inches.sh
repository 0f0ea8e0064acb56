#!/usr/bin/env bash
# trimesh reads 3MF files in inches, keeps the numbers, and writes them out as millimeters.
#
# 3MF names its unit, which is why it is preferred to STL for implants. You would expect a library that reads the unit
# to convert by it or to write it again. trimesh keeps the numbers of a file in inches and puts "inch" into .units,
# which is easy to overlook; its 3MF and STL writers don't look at .units, and 3MF without a unit means millimeters. A
# plate of 4 inches that is read and saved is 4 mm wide. lib3mf, the consortium's library, gives raw numbers and a unit,
# too. (PyMeshLab 2025.7 reads the numbers and drops the unit.)
# Seen with trimesh 5.2.0 and lib3mf 2.5.0.
# Do this instead: call convert_units("millimeters") right after loading, and check the size of what you wrote.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  trimesh==5.2.0 lib3mf==2.5.0 numpy==2.2.6 scipy==1.15.3 networkx==3.4.2 lxml==6.0.2
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import lib3mf
import trimesh


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def width_and_unit(path):
    """Return the width in the file's numbers, and the unit it names, as lib3mf reads them."""
    model = lib3mf.get_wrapper().CreateModel()
    model.QueryReader("3mf").ReadFromFile(path)
    meshes = model.GetMeshObjects()
    meshes.MoveNext()
    xs = [vertex.Coordinates[0] for vertex in meshes.GetCurrentMeshObject().GetVertices()]
    return max(xs) - min(xs), model.GetUnit().name if hasattr(model.GetUnit(), "name") else model.GetUnit()


wrapper = lib3mf.get_wrapper()
model = wrapper.CreateModel()
model.SetUnit(lib3mf.ModelUnit.Inch)
plate = trimesh.creation.box((4, 4, 0.2))
mesh = model.AddMeshObject()
for point in plate.vertices:
    position = lib3mf.Position()
    position.Coordinates[:] = [float(x) for x in point]
    mesh.AddVertex(position)
for face in plate.faces:
    triangle = lib3mf.Triangle()
    triangle.Indices[:] = [int(index) for index in face]
    mesh.AddTriangle(triangle)
model.AddBuildItem(mesh, wrapper.GetIdentityTransform())
model.QueryWriter("3mf").WriteToFile("plate.3mf")
print("file made:", width_and_unit("plate.3mf"))

read = trimesh.load("plate.3mf")
print(f"trimesh: width {read.extents[0]:.2f}, units {read.units!r}")
expect(round(read.extents[0], 3) == 4 and read.units == "inch", "trimesh reads inches otherwise")
converted = read.copy()
converted = converted.convert_units("millimeters")
print(f"after convert_units: width {converted.extents[0]:.1f}")
expect(round(converted.extents[0], 1) == 101.6, "convert_units no longer works")
read.export("again.3mf")
width, unit = width_and_unit("again.3mf")
print(f"saved by trimesh as 3MF: width {width:.2f}, unit {unit}")
expect(
    round(width, 3) == 4 and unit in ("MilliMeter", lib3mf.ModelUnit.MilliMeter), "trimesh writes the unit or converts"
)
PYTHON
