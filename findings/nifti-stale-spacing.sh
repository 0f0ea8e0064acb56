#!/usr/bin/env bash
# A NIfTI sform and pixdim that disagree: two sizes of the same head.
#
# The columns of the NIfTI sform hold direction and spacing, and pixdim holds the spacing again. Tools that resample and
# rewrite only one of them leave files in which they disagree. The standard says that the sform alone gives the place
# of a voxel, and nibabel obeys. ITK takes the directions of the sform and the spacing of pixdim, and merely prints a
# warning about "unexpected scales in sform": a head of 160 mm becomes one of 320 mm, though its origin is right.
# (MONAI 1.6.1's NibabelReader finds a third answer: it drops the sform, origin and directions included.)
# Seen with nibabel 5.4.2, SimpleITK 2.5.7 and Convert3D 1.4.6, of ITK-SNAP's makers.
# Do this instead: write both alike; on reading, compare pixdim with the lengths of the sform's columns.
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


affine = np.diag([0.5, 0.5, 0.5, 1.0])
affine[:3, 3] = (-80, -80, -80)
image = nibabel.Nifti1Image(np.zeros((321, 4, 4), np.uint8), None)
image.header.set_sform(affine, 1)
image.header["pixdim"][1:4] = 1.0
nibabel.save(image, "head.nii")

stored = nibabel.load("head.nii")
expect(np.allclose(stored.header.get_zooms(), 1.0), "nibabel changes pixdim on writing")
snap = Convert3D()
snap.execute("head.nii -dup -pop")
widths = {"nibabel": float(np.linalg.norm(stored.affine[:3, 0]) * 320)}
for library, read in (("SimpleITK", sitk.ReadImage("head.nii")), ("Convert3D", snap.peek(-1))):
    first, last = (np.array(read.TransformIndexToPhysicalPoint(i)) for i in ((0, 0, 0), (320, 0, 0)))
    widths[library] = float(np.linalg.norm(last - first))
    expect(np.allclose(first, (80, 80, -80)), f"{library} no longer takes the origin of the sform")
print("width in mm of a head of 321 voxels, sform 0.5 mm, pixdim 1 mm:", widths)
expect(widths["nibabel"] == 160, "nibabel no longer takes the spacing of the sform")
expect(widths["SimpleITK"] == widths["Convert3D"] == 320, "ITK no longer takes the spacing of pixdim")
PYTHON
