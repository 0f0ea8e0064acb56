#!/usr/bin/env bash
# SimpleITK straightens a CT that was taken with a tilted gantry, and says nothing.
#
# With a tilted gantry every slice is shifted against the one below, so the voxels don't form a grid with right angles.
# You would expect a reader to refuse such a series, to resample it or to keep the shear. SimpleITK stacks the slices
# along their normal instead of the table's way: at 20 degrees the top of a head is 56 mm off, and the skull is sheared.
# No warning is printed. Convert3D 1.4.6, of ITK-SNAP's makers, does the same. slicer-core (3D Slicer's reader) keeps
# the shear in its matrix; dicom2nifti and highdicom refuse.
# Seen with SimpleITK 2.5.7, dicom2nifti 2.6.2, highdicom 0.28.2, slicer-core 5.13.31053.0.
# Do this instead: compare the step between slice positions with the slices' normal before you read a series.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  SimpleITK==2.5.7 dicom2nifti==2.6.2 highdicom==0.28.2 slicer-core==5.13.31053.0 pydicom==3.0.2 \
  numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import contextlib
import io
import os
import pathlib
import sys

import dicom2nifti
import highdicom
import numpy as np
import pydicom
import SimpleITK as sitk
import slicer
import vtk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

COUNT, STEP, TILT = 33, 5.0, 20.0


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def position(k):
    return [0.0, 0.0, k * STEP]  # the table moves along z


os.mkdir("ct")
tilt = np.radians(TILT)
uids = generate_uid(), generate_uid(), generate_uid()
for k in range(COUNT):
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = CTImageStorage
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    made.StudyInstanceUID, made.SeriesInstanceUID, made.FrameOfReferenceUID = uids
    made.Modality, made.PatientID, made.PatientName = "CT", "phantom", "Phantom^A"
    made.InstanceNumber, made.SeriesNumber, made.GantryDetectorTilt = k + 1, 1, TILT
    made.Rows = made.Columns = 8
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 16, 15, 1
    made.ImageOrientationPatient = [1, 0, 0, 0, round(float(np.cos(tilt)), 6), round(float(-np.sin(tilt)), 6)]
    made.ImagePositionPatient = position(k)
    made.PixelSpacing, made.SliceThickness, made.ImageType = [0.5, 0.5], STEP, ["ORIGINAL", "PRIMARY", "AXIAL"]
    made.RescaleSlope, made.RescaleIntercept = 1, 0
    made.PixelData = bytes(8 * 8 * 2)
    pydicom.dcmwrite(f"ct/{k:03}.dcm", made, enforce_file_format=True)

names = sorted(str(path) for path in pathlib.Path("ct").iterdir())
image = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames("ct"))
top = np.array(image.TransformIndexToPhysicalPoint((0, 0, COUNT - 1)))
off = float(np.linalg.norm(top - position(COUNT - 1)))
directions = np.reshape(image.GetDirection(), (3, 3))
straight = np.allclose(directions.T @ directions, np.eye(3), atol=1e-4)
print(f"SimpleITK: top slice {off:.0f} mm from its place, spacing {image.GetSpacing()}, right angles: {straight}")

scene = slicer.vtkMRMLScene()
node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
storage = scene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
storage.SetFileName(names[0])
for name in names:
    storage.AddFileName(name)
storage.SetSingleFile(0)
expect(storage.ReadData(node), "slicer-core no longer reads the series")
matrix = vtk.vtkMatrix4x4()
node.GetIJKToRASMatrix(matrix)
top = np.array(matrix.MultiplyPoint((0, 0, COUNT - 1, 1))[:3]) * (-1, -1, 1)
slicer_off = float(np.linalg.norm(top - position(COUNT - 1)))
print(f"slicer-core: top slice {slicer_off:.2f} mm from its place")

refusals = {}
for library, read in {
    "dicom2nifti": lambda: dicom2nifti.dicom_series_to_nifti("ct", "ct.nii"),
    "highdicom": lambda: highdicom.get_volume_from_series([pydicom.dcmread(name) for name in names]),
}.items():
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            read()
        refusals[library] = None
    except (ValueError, dicom2nifti.exceptions.ConversionValidationError) as error:
        refusals[library] = str(error)
print("refused:", refusals)
expect(55 < off < 57 and straight, "SimpleITK reads the series otherwise")
expect(slicer_off < 0.1, "slicer-core no longer keeps the shear")
expect(all(refusals.values()), "dicom2nifti or highdicom reads the series")
PYTHON
