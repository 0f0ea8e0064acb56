#!/usr/bin/env bash
# pymeshfix repairs a skull by throwing away its inner wall and all but one of its parts.
#
# You would expect a repair to leave a mesh alone that is already closed. pymeshfix keeps the part with the most
# triangles, which need not be the largest one, and removes every other: a hollow shell, whose inner wall is a surface
# of its own, comes back solid, and of an implant in two pieces only the more finely meshed one is left.
# Seen with pymeshfix 0.18.1: a shell of 2,027 mm3 becomes a ball of 4,153 mm3; of balls of 10 and 6 mm radius the
# smaller is kept if it has more triangles. With remove_smallest_components=False all parts are kept and holes in them
# are closed.
# Do this instead: pass remove_smallest_components=False, and compare the number of parts and the volume.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  pymeshfix==0.18.1 trimesh==5.2.0 numpy==2.2.6 scipy==1.15.3
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
import pymeshfix
import trimesh


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def ball(radius, x=0.0, *, subdivisions=3, inwards=False):
    made = trimesh.creation.icosphere(subdivisions=subdivisions, radius=radius)
    made.apply_translation((x, 0, 0))
    if inwards:
        made.invert()
    return made


def repaired(mesh, **options):
    points, faces = pymeshfix.clean_from_arrays(np.asarray(mesh.vertices), np.asarray(mesh.faces), **options)
    return trimesh.Trimesh(points, faces)


shell = trimesh.util.concatenate([ball(10), ball(8, inwards=True)])
pieces = trimesh.util.concatenate([ball(10), ball(6, 30, subdivisions=4)])
for name, mesh, left in (("shell with two walls", shell, 10), ("coarse large and fine small piece", pieces, 6)):
    expect(mesh.is_watertight and mesh.body_count == 2, "the phantom of this script is wrong")
    after = repaired(mesh)
    print(
        f"{name}: {mesh.body_count} parts, {mesh.volume:.0f} mm3; repaired: {after.body_count}, {after.volume:.0f} mm3"
    )
    expect(after.body_count == 1 and abs(after.extents[0] / 2 - left) < 0.01, "pymeshfix keeps another part or several")

holed = ball(6, 30)
holed.update_faces(np.arange(len(holed.faces)) > 5)
both = trimesh.util.concatenate([ball(10), holed])
after = repaired(both, remove_smallest_components=False)
print(f"hole in one of two pieces, all parts kept: closed {both.is_watertight} before, {after.is_watertight} after")
expect(after.body_count == 2 and after.is_watertight, "remove_smallest_components=False no longer repairs every part")
PYTHON
