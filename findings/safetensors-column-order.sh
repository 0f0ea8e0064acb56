#!/usr/bin/env bash
# safetensors scrambles a mask that nibabel has read.
#
# You would expect an array to come back from a .safetensors file as it went in. The NumPy writer of safetensors copies
# the memory of an array and its shape, but not its order: an array stored column by column, or a view of every second
# column, comes back with its values in other places, and no error is raised. nibabel returns exactly such arrays,
# because NIfTI stores the first axis fastest.
# Seen with safetensors 0.8.0, nibabel 5.4.2, NumPy 2.2.6: of the 95 voxels of a mask, 47 are still in place.
# Do this instead: pass numpy.ascontiguousarray(array), and compare after a round trip in a test.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  safetensors==0.8.0 nibabel==5.4.2 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import nibabel
import numpy as np
from safetensors.numpy import load_file, save_file


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


mask = np.zeros((4, 6, 8), np.uint8)
mask[:2] = 1
mask[0, 0, 0] = 0
nibabel.save(nibabel.Nifti1Image(mask, np.eye(4)), "mask.nii")
read = np.asarray(nibabel.load("mask.nii").dataobj)
expect(np.array_equal(read, mask), "nibabel no longer returns the voxels that were saved")
save_file({"read": read, "view": mask[:, :, ::2], "copied": np.ascontiguousarray(read)}, "mask.safetensors")
back = load_file("mask.safetensors")
kept = int((back["read"] & mask).sum())
print(f"array as nibabel returns it: {read.flags['F_CONTIGUOUS']=}, {kept} of {mask.sum()} voxels of the mask in place")
print(f"view of every second slice equal: {np.array_equal(back['view'], mask[:, :, ::2])}")
print(f"contiguous copy equal: {np.array_equal(back['copied'], mask)}")
expect(back["read"].shape == mask.shape, "safetensors no longer keeps the shape")
expect(not np.array_equal(back["read"], mask), "safetensors keeps arrays in column order")
expect(not np.array_equal(back["view"], mask[:, :, ::2]), "safetensors keeps strided views")
expect(np.array_equal(back["copied"], mask), "safetensors no longer keeps a contiguous array")
PYTHON
