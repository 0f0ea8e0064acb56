#!/usr/bin/env bash
# The surface Dice coefficient of the same masks is 0 or 0.5.
#
# The share of two surfaces that lies within a tolerance of each other ("normalized surface Dice", NSD) has two common
# implementations. MONAI counts voxels at the border; DeepMind's surface-distance measures between the corners of voxels
# and weighs by area. Thin plates, such as implants, come out differently: for two plates of one voxel (0.5 mm) with
# centers 1.5 mm apart and a tolerance of 1 mm, MONAI says 0 and surface-distance 0.5, since for the latter the sides
# that face each other are 1 mm apart. MONAI's use_subvoxels=True agrees with surface-distance, but is off by default.
# Seen with MONAI 1.6.1, PyTorch 2.13.0 and surface-distance 0.1 (which needs NumPy 1 only for empty masks).
# Do this instead: name the implementation beside the number, and never compare values of two.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
  echo "$(basename "$0") needs Python 3.11 (for this build of PyTorch) as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  torch==2.13.0 monai==1.6.1 surface-distance==0.1 scipy==1.15.3 numpy==2.3.5
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
import surface_distance
import torch
from monai.metrics import compute_surface_dice


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def monai(subvoxels):
    pair = [torch.as_tensor(mask[None, None].astype(np.float32)) for mask in (first, second)]
    return float(
        compute_surface_dice(
            *pair, [1.0], include_background=True, spacing=(0.5,) * 3, use_subvoxels=subvoxels
        )
    )


first, second = np.zeros((2, 20, 30, 30), bool)
first[5, 5:25, 5:25] = second[8, 5:25, 5:25] = True
distances = surface_distance.compute_surface_distances(first, second, (0.5,) * 3)
seen = {
    "MONAI": monai(False),
    "MONAI, use_subvoxels": monai(True),
    "surface-distance": surface_distance.compute_surface_dice_at_tolerance(distances, 1.0),
}
print("plates 1.5 mm apart, tolerance 1 mm:", ", ".join(f"{name} {value:g}" for name, value in seen.items()))
expect(seen["MONAI"] == 0, "MONAI counts otherwise")
expect(seen["surface-distance"] == 0.5, "surface-distance measures otherwise")
expect(seen["MONAI, use_subvoxels"] == 0.5, "use_subvoxels no longer agrees with surface-distance")
PYTHON
