#!/usr/bin/env bash
# dicom2nifti leaves the rescale intercept out of an enhanced CT.
#
# A CT file holds stored values and the slope and intercept that turn them into Hounsfield units. An enhanced CT may
# give them once for all frames, in its shared functional groups. dicom2nifti applies them to single slices, and to
# frames that each hold them, but not to shared ones: the NIfTI then holds stored values, usually 1,024 too high, so
# that air reads 24 and water 1,024, and every threshold for bone selects the whole head. SimpleITK, highdicom and
# others apply them.
# Seen with dicom2nifti 2.6.2, against SimpleITK 2.5.7 and highdicom 0.28.2.
# Do this instead: convert enhanced CT with SimpleITK or highdicom, and check that air is near -1000 HU.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  dicom2nifti==2.6.2 SimpleITK==2.5.7 highdicom==0.28.2 pydicom==3.0.2 nibabel==5.4.2 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import os
import sys

import dicom2nifti
import highdicom
import nibabel
import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedCTImageStorage, ExplicitVRLittleEndian, generate_uid

COUNT, STEP = 6, 1.5


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
    ct.NumberOfFrames, ct.Rows, ct.Columns = COUNT, 8, 8
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
        PixelValueTransformationSequence=item(RescaleSlope=1, RescaleIntercept=-1024, RescaleType="HU"),
    )
    ct.PerFrameFunctionalGroupsSequence = Sequence(
        item(
            PlanePositionSequence=item(ImagePositionPatient=[0, 0, k * STEP]),
            FrameContentSequence=item(StackID="1", InStackPositionNumber=k + 1, DimensionIndexValues=k + 1),
        )[0]
        for k in range(COUNT)
    )
    ct.PixelData = b"".join(np.full((8, 8), 24 if k < 2 else 1024, np.int16).tobytes() for k in range(COUNT))
    return ct


os.mkdir("ct")
pydicom.dcmwrite("ct/ct.dcm", enhanced_ct(), enforce_file_format=True)
dicom2nifti.dicom_series_to_nifti("ct", "ct.nii", reorient_nifti=False)
volume = highdicom.Image.from_dataset(pydicom.dcmread("ct/ct.dcm")).get_volume()
values = {
    "SimpleITK": sitk.GetArrayFromImage(sitk.ReadImage("ct/ct.dcm")),
    "highdicom": np.asarray(volume.array),
    "dicom2nifti": np.asarray(nibabel.load("ct.nii").dataobj),
}
found = {library: sorted({int(value) for value in array.ravel()}) for library, array in values.items()}
print("air and water in HU:", found)
expect(found["SimpleITK"] == found["highdicom"] == [-1000, 0], "SimpleITK or highdicom gives other values")
expect(found["dicom2nifti"] == [24, 1024], "dicom2nifti gives other values")
PYTHON
