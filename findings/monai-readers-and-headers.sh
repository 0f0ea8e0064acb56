#!/usr/bin/env bash
# MONAI's readers place three valid files where nobody else does.
#
# You would expect LoadImage to place a volume where the library under it (pynrrd, nibabel) or the format says.
# NrrdReader takes every named space but LPS for RAS: a head in LAS comes out with left and right swapped, and one in
# scanner-xyz, which ITK takes for LPS, turned by half a circle. NibabelReader replaces the whole affine by the bare
# spacing when a file has only an sform and its pixdim doesn't match the columns: directions and origin are gone. None
# of this is mentioned.
# Seen with MONAI 1.6.1, pynrrd 1.1.3, nibabel 5.4.2, against SimpleITK 2.5.7 for NRRD.
# Do this instead: write NRRD in LPS or RAS, keep pixdim and sform alike, or load with ITKReader and compare affines.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
  echo "$(basename "$0") needs Python 3.11 (for this build of PyTorch) as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  torch==2.13.0 monai==1.6.1 pynrrd==1.1.3 nibabel==5.4.2 SimpleITK==2.5.7 numpy==2.3.5
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import nibabel
import numpy as np
import SimpleITK as sitk
from monai.transforms import LoadImage


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def by_monai(path, reader):
    return np.asarray(LoadImage(reader=reader, image_only=True)(path).affine)


def by_simpleitk(path):
    image = sitk.ReadImage(path)
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return np.diag([-1, -1, 1, 1]) @ affine


for space, wrong in (
    ("left-posterior-superior", (1, 1, 1)),
    ("left-anterior-superior", (-1, 1, 1)),
    ("scanner-xyz", (-1, -1, 1)),
):
    # Each file holds a head whose first voxel lies at RAS (10, 20, 30), as SimpleITK reads it.
    stored = {"left-posterior-superior": (-1, -1, 1), "scanner-xyz": (-1, -1, 1)}.get(space, (-1, 1, 1))
    directions = " ".join(f"({','.join(map(str, row))})" for row in np.eye(3) * stored)
    origin = ",".join(map(str, np.array([10.0, 20.0, 30.0]) * stored))
    header = [
        "NRRD0005", "type: uint8", "dimension: 3", "sizes: 4 5 6", "encoding: raw", f"space: {space}",
        f"space directions: {directions}", f"space origin: ({origin})", "kinds: domain domain domain",
    ]  # fmt: skip
    with open("head.nrrd", "wb") as file:
        file.write("\n".join(header).encode() + b"\n\n" + bytes(4 * 5 * 6))
    itk, monai = by_simpleitk("head.nrrd"), by_monai("head.nrrd", "NrrdReader")
    print(f"NRRD, {space}: first voxel at RAS {itk[:3, 3].tolist()} in SimpleITK, {monai[:3, 3].tolist()} in MONAI")
    expect(np.allclose(itk[:3, 3], (10, 20, 30)), "SimpleITK no longer reads it as stored")
    expect(np.allclose(monai, np.diag([*wrong, 1]) @ itk), f"MONAI places {space} otherwise")

affine = np.array([[0.0, -0.5, 0, 40], [0.5, 0, 0, -50], [0, 0, 0.5, 60], [0, 0, 0, 1]])
image = nibabel.Nifti1Image(np.zeros((4, 5, 6), np.uint8), None)
image.header.set_sform(affine, 1)
image.header["pixdim"][1:4] = 1.0
nibabel.save(image, "head.nii")
monai = by_monai("head.nii", "NibabelReader")
print(
    f"NIfTI, sform only, pixdim 1: nibabel {nibabel.load('head.nii').affine[:3].tolist()}, MONAI {monai[:3].tolist()}"
)
expect(np.allclose(nibabel.load("head.nii").affine, affine), "nibabel no longer takes the sform")
expect(np.allclose(monai, np.eye(4)), "MONAI no longer drops the sform")
PYTHON
