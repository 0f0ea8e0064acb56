#!/usr/bin/env bash
# manifold3d turns a mesh with a hole into nothing, and so does everything computed with it.
#
# You would expect a boolean with a mesh that isn't closed to fail. In manifold3d it succeeds: the mesh becomes an empty
# solid, and a union or difference with it is empty, too, even if the other part was sound. No exception is raised;
# only status() says NotManifold, and the result carries it on. A closed mesh whose triangles face inwards, on the
# other hand, is accepted with NoError and a negative volume, and a part that is added to it counts against it.
# Seen with manifold3d 3.5.4.
# Do this instead: after every construction and boolean, check status() == Error.NoError and volume() > 0.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  manifold3d==3.5.4 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
from manifold3d import Error, Manifold, Mesh


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


cube = Manifold.cube((10, 10, 10)).to_mesh()
points, triangles = np.array(cube.vert_properties[:, :3]), np.array(cube.tri_verts)
plate = Manifold.cube((4, 4, 4)).translate((20, 0, 0))
hole = Manifold(Mesh(points, triangles[:-1]))
for name, made in (
    ("open mesh", hole),
    ("open + sound", hole + plate),
    ("sound + open", plate + hole),
    ("sound - open", plate - hole),
):
    print(f"{name}: {made.status()}, volume {made.volume():.0f}")
    expect(made.volume() == 0 and made.status() == Error.NotManifold, f"{name} gives another result")
inside_out = Manifold(Mesh(points, triangles[:, ::-1]))
joined = inside_out + plate
print(f"inside-out cube: {inside_out.status()}, volume {inside_out.volume():.0f}")
print(f"the same with a plate of 64 beside it: {joined.volume():.0f}")
expect(
    inside_out.status() == Error.NoError and round(inside_out.volume()) == -1000,
    "an inside-out cube is treated otherwise",
)
expect(
    joined.status() == Error.NoError and round(joined.volume()) == -936, "the union with an inside-out cube is another"
)
PYTHON
