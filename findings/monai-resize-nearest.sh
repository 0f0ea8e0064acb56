#!/usr/bin/env bash
# Resized of MONAI puts a label half a voxel beside its image.
#
# Image and label are brought to a network's size by Resized(("image", "label"), size, mode=("area", "nearest")), or
# "trilinear" for the image. PyTorch's "nearest" takes the first voxel of each block instead of the middle one, so the
# label lies up to half a voxel of the new grid toward the ends of the axes, while MONAI gives both the same affine. A
# solid organ hides it; a thin wall doesn't: where a shell of 6 voxels, as thick as a skull, shrinks to under half its
# size, image and label agree by a Dice coefficient of 0.85. A network learns the shift.
# Seen with MONAI 1.6.1 and PyTorch 2.13.0; with "nearest-exact" the coefficient is 0.99.
# Do this instead: mode "nearest-exact" for labels, or resample both by their affines (Spacingd, SpatialResampled).
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
  echo "$(basename "$0") needs Python 3.11 (for this build of PyTorch) as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  torch==2.13.0 monai==1.6.1 numpy==2.3.5
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import Resized


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def ellipsoid(shrunk):
    sides = zip(np.ogrid[:200, :240, :180], (99.5, 119.5, 89.5), (70, 85, 65))
    return sum(((axis - middle) / (radius - shrunk)) ** 2 for axis, middle, radius in sides) <= 1


def center(values):
    values = values.numpy().squeeze().astype(float)
    return np.array([(values * axis).sum() for axis in np.indices(values.shape)]) / values.sum()


skull = torch.from_numpy((ellipsoid(0) & ~ellipsoid(6)).astype(np.float32))[None]
found = {}
for mode in ("nearest", "nearest-exact"):
    both = {name: MetaTensor(skull.clone(), affine=torch.eye(4)) for name in ("image", "label")}
    resized = Resized(("image", "label"), (90, 110, 80), mode=("area", mode))(both)
    image, label = resized["image"], resized["label"]
    expect(torch.allclose(image.affine, label.affine), "image and label no longer have the same affine")
    overlap = (image > 0.5) & (label > 0.5)
    dice = float(2 * overlap.sum() / ((image > 0.5).sum() + (label > 0.5).sum()))
    found[mode] = dice, center(label) - center(image)
    print(f"label by {mode}: {np.round(found[mode][1], 2).tolist()} voxels beside the image, Dice {dice:.2f}")
expect((found["nearest"][1] > 0.35).all(), "nearest no longer moves the label")
expect(0.8 < found["nearest"][0] < 0.9, "the overlap of image and label has changed")
expect(found["nearest-exact"][0] > 0.98, "nearest-exact no longer keeps the label in place")
PYTHON
