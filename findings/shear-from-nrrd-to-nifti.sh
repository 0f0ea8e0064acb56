#!/usr/bin/env bash
# A tilted CT in NRRD becomes a rotated one when SimpleITK saves it as NIfTI.
#
# A scan with a tilted gantry has slices that are shifted against each other, so its grid is sheared. NRRD can say so in
# its space directions, and 3D Slicer writes such files. SimpleITK reads them correctly, shear included. But when it
# saves the image as NIfTI, whose sform could hold the shear, it writes the nearest rotation into qform and sform alike
# and only prints "Non-orthogonal direction matrix coerced to orthogonal". Slices that lay flat are tilted by half the
# angle afterwards, and the header gives no hint. A NIfTI with a sheared sform, as nibabel writes it, isn't read back at
# all: "ITK only supports orthonormal direction cosines".
# Seen with SimpleITK 2.5.7, nibabel 5.4.2: with a tilt of 20 degrees over 160 mm, voxels of a head move by up to 42 mm.
# Do this instead: resample a sheared volume to a grid with right angles before it leaves NRRD.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  SimpleITK==2.5.7 nibabel==5.4.2 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import nibabel
import numpy as np
import SimpleITK as sitk


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


SHAPE = (201, 201, 161)
shift = np.tan(np.radians(20))
affine = np.eye(4)
affine[1, 2] = shift  # each slice lies further to the front than the one below
columns = (np.diag([-1, -1, 1]) @ affine[:3, :3]).T + 0.0
directions = " ".join(f"({','.join(repr(float(x)) for x in column)})" for column in columns)
header = [
    "NRRD0005", "type: uint8", "dimension: 3", f"sizes: {SHAPE[0]} {SHAPE[1]} {SHAPE[2]}", "encoding: raw",
    "space: left-posterior-superior", f"space directions: {directions}", "space origin: (0,0,0)",
    "kinds: domain domain domain",
]  # fmt: skip
with open("ct.nrrd", "wb") as file:
    file.write("\n".join(header).encode() + b"\n\n" + bytes(int(np.prod(SHAPE))))

corners = np.array([(i, j, k) for i in (0, 200) for j in (0, 200) for k in (0, 160)])
wanted = corners @ affine[:3, :3].T
image = sitk.ReadImage("ct.nrrd")
read = np.array([image.TransformIndexToPhysicalPoint([int(x) for x in c]) for c in corners]) * (-1, -1, 1)
print(f"NRRD read by SimpleITK: corners off by up to {np.abs(read - wanted).max():.2f} mm")
expect(np.abs(read - wanted).max() < 0.01, "SimpleITK no longer reads a sheared NRRD correctly")

sitk.WriteImage(image, "ct.nii")
saved = nibabel.load("ct.nii")
off = np.linalg.norm(corners @ saved.affine[:3, :3].T + saved.affine[:3, 3] - wanted, axis=1).max()
lengths = np.linalg.norm(saved.affine[:3, :3], axis=0)
cosines = (saved.affine[:3, :3] / lengths).T @ (saved.affine[:3, :3] / lengths) - np.eye(3)
tilt = np.degrees(np.arctan2(abs(saved.affine[2, 1]), abs(saved.affine[1, 1])))
print(f"NIfTI written by SimpleITK: corners off by up to {off:.1f} mm, slices tilted by {tilt:.1f} degrees")
expect(np.abs(cosines).max() < 1e-4, "SimpleITK writes the shear into NIfTI")
expect(40 < off < 44 and 9 < tilt < 11, "SimpleITK moves the voxels by another amount")

nibabel.save(nibabel.Nifti1Image(np.zeros((4, 4, 4), np.uint8), affine), "sheared.nii")
try:
    sitk.ReadImage("sheared.nii")
    refused = ""
except RuntimeError as error:
    refused = str(error).strip().splitlines()[-1]
print(f"NIfTI with a sheared sform, read by SimpleITK: {refused or 'read'}")
expect("orthonormal" in refused, "SimpleITK reads a NIfTI with a sheared sform")
PYTHON
