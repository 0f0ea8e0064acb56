#!/usr/bin/env bash
# highdicom drops the tilt of a gantry if it is below 2.56 degrees.
#
# With a tilted gantry every slice is shifted against the one below. highdicom refuses such series, so you would expect
# that a volume it returns has every slice in its place. It accepts slices whose stacking direction has a cosine of 0.999
# to their normal, which is 2.56 degrees, and then stacks them along the normal: of a head scanned at 2 degrees, the top
# slice is 5.6 mm off. No warning is printed. `get_volume` of a segmentation does the same.
# Seen with highdicom 0.28.2.
# Do this instead: pass perpendicular_tol=1e-7, or compare the volume's affine with each slice's position.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  highdicom==0.28.2 pydicom==3.0.2 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import highdicom
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

COUNT, STEP = 41, 4.0


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def series(tilt_deg):
    tilt, uids, slices = np.radians(tilt_deg), (generate_uid(), generate_uid(), generate_uid()), []
    for k in range(COUNT):
        made = Dataset()
        made.file_meta = FileMetaDataset()
        made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = CTImageStorage
        made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        made.StudyInstanceUID, made.SeriesInstanceUID, made.FrameOfReferenceUID = uids
        made.Modality, made.PatientID, made.PatientName = "CT", "phantom", "Phantom^A"
        made.InstanceNumber, made.SeriesNumber, made.GantryDetectorTilt = k + 1, 1, tilt_deg
        made.Rows = made.Columns = 8
        made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
        made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 16, 15, 1
        made.ImageOrientationPatient = [1, 0, 0, 0, round(float(np.cos(tilt)), 6), round(float(-np.sin(tilt)), 6)]
        made.ImagePositionPatient = [0.0, 0.0, k * STEP]  # the table moves along z
        made.PixelSpacing, made.SliceThickness, made.ImageType = [0.5, 0.5], STEP, ["ORIGINAL", "PRIMARY", "AXIAL"]
        made.RescaleSlope, made.RescaleIntercept = 1, 0
        made.PixelData = bytes(8 * 8 * 2)
        slices.append(made)
    return slices


def farthest(slices, volume):
    """Return how far the first pixel of a slice lies from its place in the volume."""
    places = np.array([made.ImagePositionPatient for made in slices], float)
    found = np.array([(volume.affine @ [k, 0, 0, 1])[:3] for k in range(COUNT)])
    return min(float(np.linalg.norm(places - order, axis=1).max()) for order in (found, found[::-1]))


off = {}
for tilt_deg in (0.0, 1.0, 2.0, 2.5, 2.6):
    slices = series(tilt_deg)
    try:
        off[tilt_deg] = round(farthest(slices, highdicom.get_volume_from_series(slices)), 2)
    except ValueError as error:
        off[tilt_deg] = str(error)
    print(f"tilt of {tilt_deg} degrees:", off[tilt_deg], "mm off" if isinstance(off[tilt_deg], float) else "")
try:
    highdicom.get_volume_from_series(series(2.0), perpendicular_tol=1e-7)
    strict = None
except ValueError as error:
    strict = str(error)
print("with perpendicular_tol=1e-7, 2 degrees:", strict)
expect(off[0.0] == 0, "a straight series has another place")
expect(5.5 < off[2.0] < 5.7 and 6.9 < off[2.5] < 7.1, "highdicom reads a small tilt otherwise")
expect(isinstance(off[2.6], str) and strict, "highdicom reads a larger tilt, or with a strict tolerance")
PYTHON
