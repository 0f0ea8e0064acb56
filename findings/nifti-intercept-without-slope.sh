#!/usr/bin/env bash
# A NIfTI intercept without a slope counts for ITK and not for nibabel.
#
# The format says that values are scaled only if scl_slope isn't 0. nibabel keeps to that, and takes a slope of NaN for
# none, too. ITK replaces a slope of 0 or NaN by 1 and still adds scl_inter, so a CT whose header holds 0 and -1024 is
# 1,024 HU lower for SimpleITK, ANTsPy and Convert3D than for nibabel: bone of 1,500 HU becomes 476 HU. None says a
# word.
# Seen with nibabel 5.4.2, SimpleITK 2.5.7, antspyx 0.6.3 and Convert3D 1.4.6 (picsl_c3d 1.4.6.0).
# Do this instead: write a slope of 1 with every intercept; on reading, refuse an intercept that has no slope.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  nibabel==5.4.2 SimpleITK==2.5.7 antspyx==0.6.3 picsl_c3d==1.4.6.0 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import ants
import nibabel
import numpy as np
import SimpleITK as sitk
from picsl_c3d import Convert3D


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def write(path, slope, intercept):
    """Write stored values 0 and 1500 with these fields, as they are."""
    header = nibabel.Nifti1Header()
    header.set_data_dtype(np.int16)
    header.set_data_shape((5, 6, 7))
    header.set_sform(np.eye(4), 1)
    header["scl_slope"], header["scl_inter"] = slope, intercept
    header["magic"], header["vox_offset"] = b"n+1", 352
    voxels = np.zeros((5, 6, 7), np.int16)
    voxels[1, 2, 3] = 1500
    with open(path, "wb") as file:
        file.write(header.binaryblock + bytes(4) + voxels.tobytes(order="F"))


for slope in (1.0, 0.0, float("nan")):
    write("ct.nii", slope, -1024)
    snap = Convert3D()
    snap.execute("ct.nii -dup -pop")
    highest = {
        "nibabel": nibabel.load("ct.nii").get_fdata().max(),
        "SimpleITK": sitk.GetArrayFromImage(sitk.ReadImage("ct.nii")).max(),
        "ANTsPy": ants.image_read("ct.nii").numpy().max(),
        "Convert3D": sitk.GetArrayFromImage(snap.peek(-1)).max(),
    }
    print(f"slope {slope}, intercept -1024:", ", ".join(f"{name} {value:g}" for name, value in highest.items()))
    wanted = 476 if slope == 1 else 1500
    expect(highest["nibabel"] == wanted, "nibabel scales otherwise")
    for name in ("SimpleITK", "ANTsPy", "Convert3D"):
        expect(highest[name] == 476, f"{name} no longer adds an intercept without a slope")
PYTHON
