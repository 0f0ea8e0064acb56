#!/usr/bin/env bash
# Marching cubes of an x, y, z array is inside out in scikit-image.
#
# skimage.measure.marching_cubes gives points in the order of the array's axes. Medical arrays come as (x, y, z) from
# nibabel and pynrrd and as (z, y, x) from SimpleITK. You would expect triangles that face outwards if points are taken
# as they come. That holds for neither: triangles are wound for points whose columns are reversed. So for an array in
# x, y, z every triangle faces inwards, the volume is negative, and a boolean or a printer's software takes the part for
# a cavity, while the normals that come with it do point outwards. trimesh's wrapper and PyMCubes get it right.
# Seen with scikit-image 0.25.2, trimesh 5.2.0 and PyMCubes 0.1.6.
# Do this instead: pass gradient_direction="ascent" for arrays in x, y, z, and check that the volume is positive.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  scikit-image==0.25.2 trimesh==5.2.0 PyMCubes==0.1.6 numpy==2.2.6 scipy==1.15.3
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import mcubes
import numpy as np
import trimesh
from skimage.measure import marching_cubes


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def volume(points, faces):
    a, b, c = points[faces].transpose(1, 0, 2)
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


x, y, z = np.indices((24, 28, 32))
ball = ((x - 11) ** 2 + (y - 12) ** 2 + (z - 13) ** 2 < 64).astype(float)
points, faces, normals, _ = marching_cubes(ball, 0.5)
outwards = float(((points - points.mean(axis=0)) * normals).sum(axis=1).min())
ascent = marching_cubes(ball, 0.5, gradient_direction="ascent")
reversed_axes = marching_cubes(ball.transpose(2, 1, 0), 0.5)
seen = {
    "scikit-image, x y z": volume(points, faces),
    "scikit-image, x y z, ascent": volume(ascent[0], ascent[1]),
    "scikit-image, z y x with points turned": volume(reversed_axes[0][:, ::-1], reversed_axes[1]),
    "trimesh": trimesh.voxel.ops.matrix_to_marching_cubes(ball > 0).volume,
    "PyMCubes, x y z": volume(
        *(part.astype(kind) for part, kind in zip(mcubes.marching_cubes(ball, 0.5), (float, int)))
    ),
}
print(f"ball of {ball.sum():.0f} voxels:", {name: f"{value:.0f}" for name, value in seen.items()})
print(f"normals of scikit-image point outwards: {outwards > 0}")
expect(seen["scikit-image, x y z"] < 0, "scikit-image lays triangles of an x, y, z array outwards")
expect(outwards > 0, "the normals of scikit-image point inwards, too")
expect(
    all(value > 0 for name, value in seen.items() if name != "scikit-image, x y z"), "one of the others is inside out"
)
PYTHON
