#!/usr/bin/env bash
# nnU-Net cuts away what an implant adds beyond the box of the remaining bone.
#
# nnU-Net crops every case to the box of its nonzero voxels and puts zeros outside when it restores a prediction. That's
# harmless for organs in a CT. But if the input is a mask of a defective skull and the target its implant, as in the
# AutoImplant challenges, the box ends where bone is left: of a skull whose vertex is missing, the top of the implant
# lies outside. It is cut off the training target and can't be predicted, and no message tells of it.
# Seen with nnunetv2 2.8.1: of an implant of 3,168 voxels in a head with an open vertex, 1,148 are left.
# Do this instead: give nnU-Net an input that is nonzero in the whole field, such as mask + 1, or another channel.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
  echo "$(basename "$0") needs Python 3.11 (for this build of PyTorch) as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  torch==2.13.0 numpy==2.3.5 scipy==1.15.3 blosc2==4.14.1
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile --no-deps nnunetv2==2.8.1 acvl-utils==0.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
from acvl_utils.cropping_and_padding.bounding_boxes import insert_crop_into_image
from nnunetv2.preprocessing.cropping.cropping import crop_to_nonzero


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


x, y, z = np.indices((60, 60, 60))
radius = np.sqrt((x - 30) ** 2 + (y - 30) ** 2 + (z - 20) ** 2)
head = (radius < 25) & (radius >= 21) & (z >= 5)
implant = head & (z > 30) & ((x - 30) ** 2 + (y - 30) ** 2 < 15**2)
skull = head & ~implant
for name, image in (("mask", skull), ("mask + 1", skull + 1)):
    _, target, box = crop_to_nonzero(image[None].astype(np.float32), implant[None].astype(np.int8).copy())
    restored = insert_crop_into_image(np.zeros(head.shape, np.int8), (target[0] == 1).astype(np.int8), box)
    kept = int(restored.sum())
    tops = [int(np.flatnonzero(mask.any(axis=(0, 1)))[-1]) for mask in (skull, implant, restored > 0)]
    print(f"{name}: implant of {implant.sum()} voxels, {kept} kept; tops of skull, implant and what is kept: {tops}")
    expect((kept == implant.sum()) == (name == "mask + 1"), f"cropping treats the {name} otherwise")
    expect(name != "mask" or tops[2] == tops[0], "the crop ends elsewhere than the bone")
PYTHON
