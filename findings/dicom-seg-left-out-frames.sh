#!/usr/bin/env bash
# ITK's readers pile the frames of a DICOM segmentation on each other.
#
# A DICOM SEG may leave out the slices in which a segment is empty, as highdicom does by default, and stores one frame
# per slice and segment. You would expect a reader to put each frame where its header says. ITK, and so SimpleITK, 3D
# Slicer's volume reader, ANTsPy and Convert3D, stacks all frames in the order of the file, both segments on each other.
# As soon as the frames aren't evenly spaced it also drops the pixel spacing and makes every voxel 1 mm wide along all
# three axes. So the implant has another place, order and size, and no warning is printed. highdicom and dcmqi give
# every frame its place.
# Seen with SimpleITK 2.5.7, highdicom 0.28.2, dcmqi 1.5.7.
# Do this instead: read DICOM SEG with highdicom (get_volume) or dcmqi (segimage2itkimage), never as an image.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  SimpleITK==2.5.7 highdicom==0.28.2 dcmqi==1.5.7 pydicom==3.0.2 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import pathlib
import subprocess
import sys

import highdicom
import numpy as np
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

SLICES, STEP = 12, 0.8


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def slice_at(k, study, series, frame):
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = CTImageStorage
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    made.StudyInstanceUID, made.SeriesInstanceUID, made.FrameOfReferenceUID = study, series, frame
    made.Modality, made.PatientID, made.PatientName, made.StudyID = "CT", "phantom", "Phantom^A", "1"
    made.StudyDate = made.StudyTime = made.PatientBirthDate = made.PatientSex = made.AccessionNumber = ""
    made.Manufacturer = made.ReferringPhysicianName = made.PositionReferenceIndicator = ""
    made.SeriesNumber, made.InstanceNumber = 1, k + 1
    made.Rows = made.Columns = 16
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 16, 15, 1
    made.ImageOrientationPatient, made.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, k * STEP]
    made.PixelSpacing, made.SliceThickness = [0.5, 0.5], STEP
    made.PixelData = bytes(16 * 16 * 2)
    return made


uids = generate_uid(), generate_uid(), generate_uid()
ct = [slice_at(k, *uids) for k in range(SLICES)]
labels = np.zeros((SLICES, 16, 16), np.uint8)
labels[[2, 3, 7], 5, 5] = 1  # the implant, with a gap
labels[[1, 9], 10, 10] = 2
segments = [
    highdicom.seg.SegmentDescription(
        n, name, codes.SCT.Tissue, codes.SCT.Bone, highdicom.seg.SegmentAlgorithmTypeValues.MANUAL
    )
    for n, name in ((1, "implant"), (2, "skull"))
]
segmentation = highdicom.seg.Segmentation(
    ct, labels, highdicom.seg.SegmentationTypeValues.BINARY, segments, generate_uid(), 2, generate_uid(), 1,
    "maker", "model", "1", "1",
)  # fmt: skip
segmentation.save_as("seg.dcm")


def heights(mask, origin, spacing):
    return sorted(round(float(origin + k * spacing), 2) for k in np.flatnonzero(np.asarray(mask).any(axis=(1, 2))))


true = [round(k * STEP, 2) for k in (2, 3, 7)]
volume = highdicom.seg.segread("seg.dcm").get_volume(segment_numbers=[1], combine_segments=True)
by_highdicom = heights(volume.array, volume.affine[2, 3], volume.affine[2, 0])
tool = pathlib.Path(sys.executable).parent / "segimage2itkimage"
subprocess.run(
    [tool, "--inputDICOM", "seg.dcm", "--outputDirectory", ".", "-t", "nrrd"], check=True, capture_output=True
)
image = sitk.ReadImage("1.nrrd")
by_dcmqi = heights(sitk.GetArrayFromImage(image), image.GetOrigin()[2], image.GetSpacing()[2])
image = sitk.ReadImage("seg.dcm")
frames = sitk.GetArrayFromImage(image)
by_simpleitk = heights(frames[:, 5:6, 5:6], image.GetOrigin()[2], image.GetSpacing()[2])
print(f"implant of voxels of 0.5 x 0.5 x {STEP} mm in slices at z = {true}")
print(f"highdicom: {by_highdicom}, dcmqi: {by_dcmqi}")
print(f"SimpleITK: {by_simpleitk}, spacing {image.GetSpacing()}, {frames.shape[0]} slices of both segments")
expect(by_highdicom == true and by_dcmqi == true, "highdicom or dcmqi puts frames elsewhere")
expect(frames.shape[0] == 5, "SimpleITK reads another number of frames")
expect(image.GetSpacing() == (1.0, 1.0, 1.0), "SimpleITK reads another spacing")
expect(by_simpleitk != true, "SimpleITK puts the frames in their places")
PYTHON
