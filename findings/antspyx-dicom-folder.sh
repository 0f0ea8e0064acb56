#!/usr/bin/env bash
# ants.dicom_read stacks slices in the order of the folder listing, 1 mm apart.
#
# You would expect a reader of DICOM folders to sort slices by their position, as its peers do. ants.dicom_read takes
# them as os.listdir hands them over, which no file system promises to sort, and keeps the spacing of the first slice
# read alone, which is 1 mm for a CT that only has SliceThickness. So a head comes out shuffled, upside down or of the
# wrong height, and nothing is said. SimpleITK sorts the same folder and finds the spacing from the positions.
# Seen with antspyx 0.6.3 and SimpleITK 2.5.7, on 12 slices that lie 2.5 mm apart.
# Do this instead: read with SimpleITK's ImageSeriesReader and hand array and geometry over, or convert to NIfTI first.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  antspyx==0.6.3 SimpleITK==2.5.7 pydicom==3.0.2 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import os
import sys

import ants
import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

COUNT, STEP = 12, 2.5


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


study, series, frame = generate_uid(), generate_uid(), generate_uid()
os.mkdir("ct")
# Slice k holds the value k. Names run against the positions and are written in a third order, so that neither a sorted
# listing nor one by age gives the right stack.
for k in np.random.default_rng(3).permutation(COUNT):
    slice_ = Dataset()
    slice_.file_meta = FileMetaDataset()
    slice_.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    slice_.SOPClassUID = slice_.file_meta.MediaStorageSOPClassUID = CTImageStorage
    slice_.SOPInstanceUID = slice_.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    slice_.StudyInstanceUID, slice_.SeriesInstanceUID, slice_.FrameOfReferenceUID = study, series, frame
    slice_.Modality, slice_.PatientID, slice_.PatientName = "CT", "phantom", "Phantom^A"
    slice_.InstanceNumber, slice_.SeriesNumber = int(k) + 1, 1
    slice_.Rows = slice_.Columns = 8
    slice_.SamplesPerPixel, slice_.PhotometricInterpretation = 1, "MONOCHROME2"
    slice_.BitsAllocated, slice_.BitsStored, slice_.HighBit, slice_.PixelRepresentation = 16, 16, 15, 1
    slice_.ImageOrientationPatient, slice_.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, float(k * STEP)]
    slice_.PixelSpacing, slice_.SliceThickness = [0.5, 0.5], STEP
    slice_.RescaleSlope, slice_.RescaleIntercept = 1, 0
    slice_.PixelData = np.full((8, 8), k, np.int16).tobytes()
    pydicom.dcmwrite(f"ct/{COUNT - int(k):03}.dcm", slice_, enforce_file_format=True)

names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames("ct")
right = sitk.ReadImage(names)
stack = ants.dicom_read("ct")
theirs = sitk.GetArrayFromImage(right)[:, 0, 0].tolist()
ours = stack.numpy()[0, 0, :].astype(int).tolist()
print(f"SimpleITK: slices {theirs}, {right.GetSpacing()[2]} mm apart")
print(f"ANTsPy:    slices {ours}, {stack.spacing[2]} mm apart")
expect(theirs == list(range(COUNT)) and right.GetSpacing()[2] == STEP, "SimpleITK no longer sorts the slices")
expect(ours != list(range(COUNT)), "ants.dicom_read sorts the slices")
expect(stack.spacing[2] == 1.0, "ants.dicom_read takes another spacing than 1 mm")
PYTHON
