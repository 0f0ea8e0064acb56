#!/usr/bin/env bash
# An NRRD file in LAS space is turned around by ANTsPy and by Convert3D.
#
# NRRD names the space of its directions; LAS (left-anterior-superior) is one of the three anatomical names of the
# format. You would expect programs built on ITK to place the same file alike. SimpleITK converts LAS correctly: only
# the sign of the front-back axis changes. The older ITK inside ANTsPy and Convert3D (of ITK-SNAP's makers) turns both
# horizontal axes, so that left is right and front is back: a frontal defect becomes an occipital one. None of them says
# anything. Files in LPS and RAS agree. (slicer-core 5.13 does as SimpleITK does.)
# Seen with antspyx 0.6.3, picsl_c3d 1.4.6.0 and SimpleITK 2.5.7.
# Do this instead: write NRRD in LPS, as ITK and 3D Slicer do, and rewrite files in LAS before you pass them on.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  antspyx==0.6.3 picsl_c3d==1.4.6.0 SimpleITK==2.5.7 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import ants
import numpy as np
import SimpleITK as sitk
from picsl_c3d import Convert3D


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def write(path, space, signs):
    """Write a volume whose first voxel lies at RAS (10, 20, 30) and whose axes run to the right, front and top."""
    directions = " ".join(f"({','.join(map(str, row))})" for row in np.eye(3) * signs)
    origin = ",".join(map(str, np.array([10.0, 20.0, 30.0]) * signs))
    header = [
        "NRRD0005", "type: uint8", "dimension: 3", "sizes: 4 5 6", "encoding: raw", f"space: {space}",
        f"space directions: {directions}", f"space origin: ({origin})", "kinds: domain domain domain",
    ]  # fmt: skip
    with open(path, "wb") as file:
        file.write("\n".join(header).encode() + b"\n\n" + bytes(4 * 5 * 6))


def axes(origin, direction):
    """Return the RAS place of the first voxel and the RAS directions of the first two axes."""
    to_ras = np.array([-1, -1, 1])
    columns = np.reshape(direction, (3, 3)) * to_ras[:, None]
    return np.round(np.array(origin) * to_ras, 3).tolist(), columns[:, 0].tolist(), columns[:, 1].tolist()


right = ([10.0, 20.0, 30.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
turned = ([-10.0, -20.0, 30.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0])
for space, signs in {
    "right-anterior-superior": (1, 1, 1),
    "left-posterior-superior": (-1, -1, 1),
    "left-anterior-superior": (-1, 1, 1),
}.items():
    write("head.nrrd", space, signs)
    image = sitk.ReadImage("head.nrrd")
    simpleitk = axes(image.GetOrigin(), image.GetDirection())
    image = ants.image_read("head.nrrd")
    antspy = axes(image.origin, image.direction)
    snap = Convert3D()
    snap.execute("head.nrrd -dup -pop")
    image = snap.peek(-1)
    convert3d = axes(image.GetOrigin(), image.GetDirection())
    print(
        f"{space}: first voxel at RAS {simpleitk[0]} in SimpleITK, {antspy[0]} in ANTsPy, {convert3d[0]} in Convert3D"
    )
    expect(simpleitk == right, f"SimpleITK no longer reads {space} correctly")
    expected = turned if space == "left-anterior-superior" else right
    expect(antspy == expected, f"ANTsPy reads {space} otherwise: {antspy}")
    expect(convert3d == expected, f"Convert3D reads {space} otherwise: {convert3d}")
PYTHON
