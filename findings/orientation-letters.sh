#!/usr/bin/env bash
# The same axes are LPS for one library and RAI for the next, and both words are valid for both.
#
# Three letters name the directions of a volume's axes. For nibabel and SimpleITK they say where an axis points to, for
# Convert3D, which ITK-SNAP's makers wrote, and ANTsPy where it comes from. So a volume whose axes run to the left, the
# back and the top is LPS for the former and RAI for the latter. Each takes the other's word without complaint, and then
# all three axes are reversed: the head is upside down, faces backward, and left and right are swapped.
# Seen with nibabel 5.4.2, SimpleITK 2.5.7, antspyx 0.6.3 and Convert3D 1.4.6 (picsl_c3d 1.4.6.0): asked for RAS,
# ANTsPy's reorient_image2 and Convert3D's -swapdim give what nibabel calls LPI.
# Do this instead: pass matrices on; where a word is needed, say whether it means to or from, and check one known point.
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
import io
import sys

import ants
import nibabel
import numpy as np
import SimpleITK as sitk
from picsl_c3d import Convert3D


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def letters(path):
    return "".join(nibabel.aff2axcodes(nibabel.load(path).affine))


nibabel.save(nibabel.Nifti1Image(np.zeros((5, 6, 7), np.uint8), np.diag([-1.0, -1, 1, 1])), "head.nii")
image = sitk.ReadImage("head.nii")
snap, said = Convert3D(), io.StringIO()
snap.execute("head.nii -info", said)
names = {
    "nibabel": letters("head.nii"),
    "SimpleITK": sitk.DICOMOrientImageFilter.GetOrientationFromDirectionCosines(image.GetDirection()),
    "ANTsPy": ants.image_read("head.nii").orientation,
    "Convert3D": said.getvalue().split("orient = ")[-1].split()[0],
}
print("one file:", ", ".join(f"{library} {name}" for library, name in names.items()))
expect((names["nibabel"], names["SimpleITK"]) == ("LPS", "LPS"), "nibabel or SimpleITK names axes otherwise")
expect((names["ANTsPy"], names["Convert3D"]) == ("RAI", "RAI"), "ANTsPy or Convert3D names axes otherwise")

sitk.WriteImage(sitk.DICOMOrient(image, "RAS"), "simpleitk.nii")
ants.image_write(ants.reorient_image2(ants.image_read("head.nii"), "RAS"), "antspy.nii")
Convert3D().execute("head.nii -swapdim RAS -o convert3d.nii")
made = {name: letters(f"{name}.nii") for name in ("simpleitk", "antspy", "convert3d")}
print("asked for RAS, in nibabel's letters:", made)
expect(made == {"simpleitk": "RAS", "antspy": "LPI", "convert3d": "LPI"}, "a library takes the letters otherwise")
PYTHON
