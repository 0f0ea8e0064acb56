#!/usr/bin/env bash
# ITK takes the layers of a segmentation for gray and opacity, or for red, green and blue.
#
# 3D Slicer saves segments that overlap in layers of a .seg.nrrd, as components of each voxel. Whoever asks SimpleITK
# for one number a voxel, ReadImage(path, sitkUInt8), gets what ITK does with pictures: two components are gray times
# opacity, three are the luminance of a color, 0.2125 R + 0.7154 G + 0.0721 B. Of two segments that don't overlap
# nothing is left; of three, 0.21, 0.72 and 0.07, which integers round to 0. Convert3D reads every file so unless told
# -mcs. There is no word about it, and a segmentation in one layer, from the same program, is read correctly.
# Seen with SimpleITK 2.5.7 and Convert3D 1.4.6 (picsl_c3d 1.4.6.0).
# Do this instead: read without a pixel type and look at the number of components; pick layer and label by the header's
# SegmentN_Layer and SegmentN_LabelValue.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  SimpleITK==2.5.7 picsl_c3d==1.4.6.0 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from picsl_c3d import Convert3D


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def write(path, layers):
    """Write a segmentation as 3D Slicer does: layer n has one segment, of the voxel (n, 2, 3)."""
    voxels = np.zeros((layers, 5, 6, 7), np.uint8)
    lines = [
        "NRRD0004",
        "type: unsigned char",
        "dimension: 4",
        "space: left-posterior-superior",
        f"sizes: {layers} 5 6 7",
        "space directions: none (1,0,0) (0,1,0) (0,0,1)",
        "kinds: list domain domain domain",
        "encoding: raw",
        "space origin: (0,0,0)",
        "Segmentation_MasterRepresentation:=Binary labelmap",
    ]
    for n in range(layers):
        voxels[n, n, 2, 3] = 1
        lines += [f"Segment{n}_ID:=s{n}", f"Segment{n}_Name:=segment {n}"]
        lines += [f"Segment{n}_Layer:={n}", f"Segment{n}_LabelValue:=1", f"Segment{n}_Extent:=0 4 0 5 0 6"]
    Path(path).write_bytes(("\n".join(lines) + "\n\n").encode() + voxels.tobytes(order="F"))


def values(image, layers):
    """Return the values of the voxels that the segments hold."""
    array = sitk.GetArrayFromImage(image)
    return [round(float(array[3, 2, n]), 4) for n in range(layers)]


luminance = {2: [0, 0], 3: [0.2125, 0.7154, 0.0721]}
for layers in (2, 3):
    path = f"{layers}.seg.nrrd"
    write(path, layers)
    snap = Convert3D()
    snap.execute(f"{path} -dup -pop")
    seen = {
        "SimpleITK, sitkFloat32": values(sitk.ReadImage(path, sitk.sitkFloat32), layers),
        "SimpleITK, sitkUInt8": values(sitk.ReadImage(path, sitk.sitkUInt8), layers),
        "Convert3D": values(snap.peek(-1), layers),
    }
    print(f"{layers} layers:", "; ".join(f"{name} {found}" for name, found in seen.items()))
    expect(sitk.ReadImage(path).GetNumberOfComponentsPerPixel() == layers, "layers are no longer components")
    expect(seen["SimpleITK, sitkFloat32"] == luminance[layers], "SimpleITK no longer takes layers for colors")
    expect(seen["SimpleITK, sitkUInt8"] == [0] * layers, "SimpleITK no longer loses the segments")
    expect(seen["Convert3D"] == luminance[layers], "Convert3D no longer takes layers for colors")
PYTHON
