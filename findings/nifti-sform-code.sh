#!/usr/bin/env bash
# The code of a NIfTI sform decides where the head lies, and libraries disagree on which.
#
# A NIfTI header holds two placements, qform and sform, each with a code from 0 to 4. nibabel takes the sform whenever
# its code isn't 0. ITK takes it only when its code is 1 (scanner), or when there is no qform; with code 2 (aligned),
# 3 (Talairach) or 4 (MNI) it takes the qform. A file of a registration or a template, whose sform has code 2 or 4 while
# the qform still is the scanner's, lies in two places: skull in one, implant in the other. There is no warning.
# Seen with nibabel 5.4.2 against SimpleITK 2.5.7 and Convert3D 1.4.6 (of ITK-SNAP's makers). 3D Slicer (slicer-core
# 5.13), ANTsPy 0.6.3, TorchIO 1.2.1 and MONAI's ITKReader do as SimpleITK does.
# Do this instead: write both placements alike; on reading, compare them and speak up if they differ.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  nibabel==5.4.2 SimpleITK==2.5.7 picsl_c3d==1.4.6.0 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import nibabel
import numpy as np
import SimpleITK as sitk
from picsl_c3d import Convert3D


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def place(image):
    """Return the RAS position of the first voxel of a SimpleITK image."""
    x, y, z = image.GetOrigin()
    return [round(-x), round(-y), round(z)]


QFORM, SFORM = np.eye(4), np.eye(4)
QFORM[:3, 3], SFORM[:3, 3] = (-40, -50, -60), (10, 20, 30)
named = {(-40, -50, -60): "qform", (10, 20, 30): "sform"}
for code in (1, 2, 3, 4):
    image = nibabel.Nifti1Image(np.zeros((4, 5, 6), np.uint8), None)
    image.header.set_qform(QFORM, 1)
    image.header.set_sform(SFORM, code)
    nibabel.save(image, f"sform{code}.nii")
    stored = nibabel.load(f"sform{code}.nii")
    expect(
        (stored.header["qform_code"], stored.header["sform_code"]) == (1, code), "nibabel no longer writes both codes"
    )
    snap = Convert3D()
    snap.execute(f"sform{code}.nii -dup -pop")
    seen = {
        "nibabel": stored.affine[:3, 3].astype(int).tolist(),
        "SimpleITK": place(sitk.ReadImage(f"sform{code}.nii")),
        "Convert3D": place(snap.peek(-1)),
    }
    seen = {library: named.get(tuple(where), str(where)) for library, where in seen.items()}
    print(f"qform code 1, sform code {code}: {seen}")
    expect(seen["nibabel"] == "sform", "nibabel no longer takes the sform")
    for library in ("SimpleITK", "Convert3D"):
        expect(seen[library] == ("sform" if code == 1 else "qform"), f"{library} takes the other placement")
PYTHON
