#!/usr/bin/env bash
# manifold3d's simplify moves a rough surface twice as far as the tolerance that it states.
#
# You would expect simplify(t) to keep the surface within t: its documentation says that "all surfaces will have moved
# by less than tolerance". That holds for a smooth ball. On a ball with bumps of 0.1 mm, as voxels leave them on bone,
# simplify(0.1) moves it by 0.2 mm and simplify(0.2) by 0.28 mm; on a skull from a CT, 0.3 became 0.9 mm. A model that is
# printed to try a part in is then off by more than was asked for. The result is closed and manifold all the same.
# Seen with manifold3d 3.5.4.
# Do this instead: measure the distance of the original's vertices from the result, and simplify with less if need be.
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
from manifold3d import Manifold


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def arrays(solid):
    mesh = solid.to_mesh64()
    return np.array(mesh.vert_properties[:, :3]), np.array(mesh.tri_verts)


def farthest(points, solid):
    """The largest distance of points from the triangles of a solid, computed from every triangle."""
    vertices, triangles = arrays(solid)
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    sides = ((a, b), (b, c), (c, a))
    normals = np.cross(b - a, c - a)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    largest = 0.0
    for point in points:
        heights = ((point - a) * normals).sum(axis=1)
        feet = point - normals * heights[:, None]
        over = np.ones(len(triangles), bool)
        for start, end in sides:
            over &= (np.cross(end - start, feet - start) * normals).sum(axis=1) >= 0
        distances = np.where(over, np.abs(heights), np.inf)
        for start, end in sides:
            along = end - start
            part = np.clip(((point - start) * along).sum(axis=1) / (along * along).sum(axis=1), 0, 1)
            distances = np.minimum(distances, np.linalg.norm(point - start - part[:, None] * along, axis=1))
        largest = max(largest, distances.min())
    return largest


def bumpy(x, y, z):
    return 12 + 0.1 * np.sin(3 * x) * np.sin(3 * y) * np.sin(3 * z) - np.sqrt(x * x + y * y + z * z)


balls = {
    "smooth": Manifold.sphere(12.0, 160),
    "bumpy": Manifold.level_set(bumpy, [-14.0] * 3 + [14.0] * 3, 0.6),
}
for name, ball in balls.items():
    points = arrays(ball)[0]
    for tolerance in (0.1, 0.2):
        simple = ball.simplify(tolerance)
        moved = farthest(points[:: len(points) // 600], simple)
        print(f"{name} ball, simplify({tolerance}): {ball.num_tri()} to {simple.num_tri()} triangles, moved {moved:.3f}")
        if name == "smooth":
            expect(moved < tolerance, f"simplify({tolerance}) moves a smooth ball by {moved:.3f}")
        else:
            expect(moved > 1.2 * tolerance, f"simplify({tolerance}) moves a bumpy ball by {moved:.3f} only")
PYTHON
