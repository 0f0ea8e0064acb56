#!/usr/bin/env bash
# A DICOM segmentation without SpacingBetweenSlices has two different grids in two readers, and neither is right.
#
# A DICOM SEG leaves out the slices in which a segment is empty, and need not state how far its slices are apart;
# dciodvfy finds no error. You would expect a reader to refuse what it cannot know. highdicom takes the smallest distance
# of two frames, and 1 mm if there is a single one; dcmqi takes SliceThickness, which is not the distance where slices
# overlap. Here slices are 1.2 mm apart and 2.4 mm thick, as in many head CTs: of two frames 4.8 mm apart, highdicom makes
# two slices of 4.8 mm, dcmqi three of 2.4 mm; of five neighboring frames, dcmqi makes three slices. highdicom doesn't
# warn, dcmqi prints which value it takes.
# Seen with highdicom 0.28.2, dcmqi 1.5.7.
# Do this instead: refuse a SEG without SpacingBetweenSlices unless its frames follow one another without a gap.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  highdicom==0.28.2 dcmqi==1.5.7 pydicom==3.0.2 SimpleITK==2.5.7 numpy==2.2.6
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

SLICES, STEP, THICKNESS = 12, 1.2, 2.4
TOOL = pathlib.Path(sys.executable).parent / "segimage2itkimage"


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
    made.PixelSpacing, made.SliceThickness = [0.5, 0.5], THICKNESS
    made.PixelData = bytes(16 * 16 * 2)
    return made


uids = generate_uid(), generate_uid(), generate_uid()
ct = [slice_at(k, *uids) for k in range(SLICES)]
segment = highdicom.seg.SegmentDescription(
    1, "implant", codes.SCT.Tissue, codes.SCT.Bone, highdicom.seg.SegmentAlgorithmTypeValues.MANUAL
)


def grids(name, frames, *, stated):
    """Return distance and number of the slices by each reader."""
    mask = np.zeros((SLICES, 16, 16), np.uint8)
    mask[frames, 5, 5] = 1
    made = highdicom.seg.Segmentation(
        ct, mask, highdicom.seg.SegmentationTypeValues.BINARY, [segment], generate_uid(), 2, generate_uid(), 1,
        "maker", "model", "1", "1",
    )  # fmt: skip
    if not stated:
        del made.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SpacingBetweenSlices
    made.save_as(f"{name}.dcm")
    volume = highdicom.seg.segread(f"{name}.dcm").get_volume(segment_numbers=[1], combine_segments=True)
    arguments = ["--inputDICOM", f"{name}.dcm", "--outputDirectory", ".", "-t", "nrrd", "-p", name]
    subprocess.run([TOOL, *arguments], check=True, capture_output=True)
    image = sitk.ReadImage(f"{name}-1.nrrd")
    found = {
        "highdicom": (round(float(volume.spacing[0]), 2), volume.array.shape[0]),
        "dcmqi": (round(image.GetSpacing()[2], 2), image.GetSize()[2]),
    }
    print(f"frames {frames}, distance {'stated' if stated else 'not stated'}: {found} (mm, slices)")
    return found


stated = grids("stated", [2, 6], stated=True)
two = grids("two", [2, 6], stated=False)
one = grids("one", [5], stated=False)
five = grids("five", [2, 3, 4, 5, 6], stated=False)
expect(stated["highdicom"] == stated["dcmqi"] == (1.2, 5), "a stated distance is read otherwise")
expect(two["highdicom"] == (4.8, 2) and two["dcmqi"] == (2.4, 3), "two frames are read otherwise")
expect(one["highdicom"] == (1.0, 1), "a single frame is read otherwise")
expect(five["highdicom"] == (1.2, 5) and five["dcmqi"] == (2.4, 3), "five frames are read otherwise")
PYTHON
