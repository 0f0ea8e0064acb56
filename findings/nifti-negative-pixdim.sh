#!/usr/bin/env bash
# A negative pixdim in a NIfTI header mirrors the head for ITK and nothing for nibabel.
#
# The format wants the spacings in pixdim positive and gives a sign no meaning. If one is negative, nibabel takes its
# absolute value and places the voxels by sform or qform. ITK multiplies: the axis runs the other way from the same
# first voxel, so that an implant for the left side lies on the right, in SimpleITK, ANTsPy and Convert3D. With a sform
# ITK warns of "unexpected scales", with a qform alone it says nothing.
# Seen with nibabel 5.4.2, SimpleITK 2.5.7, antspyx 0.6.3 and Convert3D 1.4.6 (picsl_c3d 1.4.6.0).
# Do this instead: refuse a negative pixdim, or save the file again with nibabel before others read it.
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
"$work/venv/bin/python" -W ignore - 2>errors.txt <<'PYTHON' || { cat errors.txt >&2; exit 1; }
import sys

import ants
import nibabel
import numpy as np
import SimpleITK as sitk
from picsl_c3d import Convert3D


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def write(path, form):
    """Write a volume of 2 x 3 x 4 mm with one form and a first pixdim of -2."""
    header = nibabel.Nifti1Header()
    header.set_data_dtype(np.uint8)
    header.set_data_shape((5, 6, 7))
    affine = np.diag([2.0, 3, 4, 1])
    affine[:3, 3] = (10, 20, 30)
    header.set_qform(affine)
    header.set_sform(affine)
    header["qform_code"], header["sform_code"] = form == "qform", form == "sform"
    header["pixdim"][1] = -2
    header["magic"], header["vox_offset"] = b"n+1", 352
    with open(path, "wb") as file:
        file.write(header.binaryblock + bytes(4) + bytes(5 * 6 * 7))


def place(image):
    """Return where voxel (1, 2, 3) of a SimpleITK image lies in RAS."""
    x, y, z = image.TransformIndexToPhysicalPoint((1, 2, 3))
    return [round(-x), round(-y), round(z)]


for form in ("sform", "qform"):
    write("head.nii", form)
    snap = Convert3D()
    snap.execute("head.nii -dup -pop")
    loaded = ants.image_read("head.nii")
    x, y, z = np.array(loaded.direction) * loaded.spacing @ [1, 2, 3] + loaded.origin
    seen = {
        "nibabel": (nibabel.load("head.nii").affine @ [1, 2, 3, 1])[:3].round().astype(int).tolist(),
        "SimpleITK": place(sitk.ReadImage("head.nii")),
        "ANTsPy": [round(-x), round(-y), round(z)],
        "Convert3D": place(snap.peek(-1)),
    }
    print(f"{form}, pixdim -2: voxel (1, 2, 3) lies at RAS", ", ".join(f"{k} {v}" for k, v in seen.items()))
    expect(seen["nibabel"] == [12, 26, 42], "nibabel no longer ignores the sign")
    for name in ("SimpleITK", "ANTsPy", "Convert3D"):
        expect(seen[name] == [8, 26, 42], f"{name} no longer mirrors the axis")
PYTHON
