#!/usr/bin/env bash
# SimpleITK heeds the unit of length in NIfTI and ignores it in NRRD.
#
# Both formats can say that a header counts in meters: NIfTI in xyzt_units, NRRD in "space units". You would expect one
# library to treat them alike. SimpleITK converts a NIfTI in meters to millimeters, and reads an NRRD in meters as if
# its numbers were millimeters, so a head is 0.16 mm wide. nibabel never converts, so the same NIfTI has two sizes.
# pynrrd hands "space units" over and leaves the conversion to the caller. None of them prints a warning.
# Seen with SimpleITK 2.5.7, nibabel 5.4.2, pynrrd 1.1.3. 3D Slicer (slicer-core 5.13) does as SimpleITK does.
# Do this instead: write millimeters; on reading, look at the unit yourself and at whether the size can be a head's.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  SimpleITK==2.5.7 nibabel==5.4.2 pynrrd==1.1.3 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import nibabel
import nrrd
import numpy as np
import SimpleITK as sitk


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


voxels, meters = np.zeros((320, 4, 4), np.uint8), 0.0005
image = nibabel.Nifti1Image(voxels, np.diag([meters, meters, meters, 1.0]))
image.header.set_xyzt_units("meter")
nibabel.save(image, "head.nii")
header = {
    "space": "left-posterior-superior",
    "space directions": np.eye(3) * meters,
    "space origin": np.zeros(3),
    "space units": ["m", "m", "m"],
    "kinds": ["domain"] * 3,
}
nrrd.write("head.nrrd", voxels, header)
expect("space units" in nrrd.read_header("head.nrrd"), "pynrrd no longer keeps the unit")

widths = {
    "NIfTI, SimpleITK": sitk.ReadImage("head.nii").GetSpacing()[0] * 320,
    "NIfTI, nibabel": float(nibabel.load("head.nii").affine[0, 0]) * 320,
    "NRRD, SimpleITK": sitk.ReadImage("head.nrrd").GetSpacing()[0] * 320,
}
print("a head of 0.16 m:", {name: f"{width:.2f}" for name, width in widths.items()})
expect(abs(widths["NIfTI, SimpleITK"] - 160) < 0.1, "SimpleITK no longer converts the unit of NIfTI")
expect(abs(widths["NIfTI, nibabel"] - 0.16) < 1e-4, "nibabel converts the unit of NIfTI")
expect(abs(widths["NRRD, SimpleITK"] - 0.16) < 1e-4, "SimpleITK converts the unit of NRRD")
PYTHON
