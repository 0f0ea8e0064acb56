#!/usr/bin/env bash
# ITK stacks the frames of an enhanced CT in the order of the file, and may lose the size of its pixels.
#
# An enhanced (multi-frame) CT gives each frame its position, and the standard doesn't ask for the frames to be sorted.
# You would expect a reader to sort them, as all do with single slices. SimpleITK, 3D Slicer's volume reader, ANTsPy and
# Convert3D take them as they come, and where their positions aren't evenly spaced in that order, they set the spacing
# to 1 mm along all axes, although the header holds the size of the pixels: a head of 512 pixels of 0.4 mm is read as
# 512 mm wide, cut into slices in the wrong order. They don't warn. highdicom sorts; dicom2nifti refuses the file.
# Seen with SimpleITK 2.5.7, highdicom 0.28.2, dicom2nifti 2.6.2.
# Do this instead: read enhanced CT with highdicom's get_volume, or check the frames' positions with pydicom first.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  SimpleITK==2.5.7 highdicom==0.28.2 dicom2nifti==2.6.2 pydicom==3.0.2 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import contextlib
import io
import os
import sys

import dicom2nifti
import highdicom
import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedCTImageStorage, ExplicitVRLittleEndian, generate_uid

ORDER, STEP = (0, 2, 4, 6, 8, 1, 3, 5, 7), 1.5  # every second slice, then those between


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def item(**values):
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return Sequence([made])


def enhanced_ct():
    ct = Dataset()
    ct.file_meta = FileMetaDataset()
    ct.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ct.SOPClassUID = ct.file_meta.MediaStorageSOPClassUID = EnhancedCTImageStorage
    ct.SOPInstanceUID = ct.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ct.StudyInstanceUID, ct.SeriesInstanceUID, ct.FrameOfReferenceUID = (generate_uid() for _ in range(3))
    ct.Modality, ct.PatientID, ct.PatientName, ct.StudyID = "CT", "phantom", "Phantom^A", "1"
    ct.StudyDate = ct.StudyTime = ct.PatientBirthDate = ct.PatientSex = ct.AccessionNumber = ""
    ct.Manufacturer, ct.SeriesNumber, ct.InstanceNumber = "", 1, 1
    ct.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    ct.NumberOfFrames, ct.Rows, ct.Columns = len(ORDER), 8, 8
    ct.SamplesPerPixel, ct.PhotometricInterpretation = 1, "MONOCHROME2"
    ct.BitsAllocated, ct.BitsStored, ct.HighBit, ct.PixelRepresentation = 16, 16, 15, 1
    dimension = generate_uid()
    ct.DimensionOrganizationSequence = item(DimensionOrganizationUID=dimension)
    ct.DimensionIndexSequence = item(
        DimensionOrganizationUID=dimension, DimensionIndexPointer=0x00209057, FunctionalGroupPointer=0x00209111
    )
    ct.SharedFunctionalGroupsSequence = item(
        PixelMeasuresSequence=item(PixelSpacing=[0.5, 0.5], SliceThickness=STEP),
        PlaneOrientationSequence=item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
        PixelValueTransformationSequence=item(RescaleSlope=1, RescaleIntercept=0, RescaleType="HU"),
    )
    ct.PerFrameFunctionalGroupsSequence = Sequence(
        item(
            PlanePositionSequence=item(ImagePositionPatient=[0, 0, k * STEP]),
            FrameContentSequence=item(StackID="1", InStackPositionNumber=k + 1, DimensionIndexValues=k + 1),
        )[0]
        for k in ORDER
    )
    ct.PixelData = b"".join(np.full((8, 8), k, np.int16).tobytes() for k in ORDER)
    return ct


os.mkdir("ct")
pydicom.dcmwrite("ct/ct.dcm", enhanced_ct(), enforce_file_format=True)
volume = highdicom.Image.from_dataset(pydicom.dcmread("ct/ct.dcm")).get_volume()
sorted_values = np.asarray(volume.array)[:, 0, 0].astype(int).tolist()
print(f"highdicom: slices {sorted_values}, {volume.spacing[0]:.1f} mm apart")
image = sitk.ReadImage("ct/ct.dcm")
values = sitk.GetArrayFromImage(image)[:, 0, 0].tolist()
print(f"SimpleITK: slices {values}, spacing {image.GetSpacing()}, stored: 0.5 x 0.5 x {STEP} mm")
try:
    with contextlib.redirect_stdout(io.StringIO()):
        dicom2nifti.dicom_series_to_nifti("ct", "ct.nii")
    refused = None
except dicom2nifti.exceptions.ConversionValidationError as error:
    refused = str(error)
print(f"dicom2nifti: {refused}")
expect(
    sorted_values in (list(range(9)), list(range(9))[::-1]) and volume.spacing[0] == STEP, "highdicom no longer sorts"
)
expect(values == list(ORDER), "SimpleITK sorts the frames")
expect(image.GetSpacing() == (1.0, 1.0, 1.0), "SimpleITK reads another spacing")
expect(refused == "SLICE_INCREMENT_INCONSISTENT", "dicom2nifti no longer refuses the file")
PYTHON
