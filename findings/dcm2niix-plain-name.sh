#!/usr/bin/env bash
# dcm2niix gives the wrong geometry the plain name, and the right one another.
#
# NIfTI knows neither slices at uneven distances nor, for most readers, a tilted gantry. dcm2niix resamples such a
# series onto an even, straight grid and appends _Eq_1 or _Tilt_1 to the name; but it also writes the slices as they are
# under the name that was asked for, with a header as if they were even and straight. That file is valid, its sform and
# qform agree, and scripts that look for NAME.nii take it. Where the upper half has slices twice as far apart, a voxel
# lies 3.2 mm too low, 10.4 mm above the first slice; at 20 degrees of tilt, 2.6 mm beside its place. Only the terminal
# says a word, and the resampled uneven file lacks the last slice.
# Seen with dcm2niix 1.0.20250506 (PyPI), pydicom 3.0.2 and nibabel 5.4.2.
# Do this instead: look for _Eq_ and _Tilt_ files first, or read the DICOM series directly.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  dcm2niix==1.0.20250506 pydicom==3.0.2 nibabel==5.4.2 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import subprocess
import sys
from pathlib import Path

import dcm2niix
import nibabel
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

ROWS, COLUMNS = 9, 8


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def write_series(folder, heights, step, tilt=None):
    """Write slices at these heights (mm along a step), with a bright voxel in the first and in the last but one."""
    Path(folder).mkdir()
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    for number, height in enumerate(heights):
        slice_ = Dataset()
        slice_.file_meta = FileMetaDataset()
        slice_.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        slice_.SOPClassUID = slice_.file_meta.MediaStorageSOPClassUID = CTImageStorage
        slice_.SOPInstanceUID = slice_.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        slice_.StudyInstanceUID, slice_.SeriesInstanceUID, slice_.FrameOfReferenceUID = study, series, frame
        slice_.Modality, slice_.PatientID, slice_.PatientName = "CT", "phantom", "Phantom"
        slice_.SeriesNumber, slice_.InstanceNumber, slice_.ImageType = 1, number + 1, ["ORIGINAL", "PRIMARY", "AXIAL"]
        slice_.Rows, slice_.Columns, slice_.PixelSpacing, slice_.SliceThickness = ROWS, COLUMNS, [0.6, 0.5], 0.8
        slice_.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        slice_.ImagePositionPatient = [round(float(value), 6) for value in height * np.array(step)]
        slice_.SamplesPerPixel, slice_.PhotometricInterpretation = 1, "MONOCHROME2"
        slice_.BitsAllocated, slice_.BitsStored, slice_.HighBit, slice_.PixelRepresentation = 16, 16, 15, 1
        slice_.RescaleSlope, slice_.RescaleIntercept = 1, 0
        if tilt:
            slice_.GantryDetectorTilt = tilt
        pixels = np.zeros((ROWS, COLUMNS), np.int16)
        pixels[4, 3] = 1000 if number in (0, len(heights) - 2) else 0
        slice_.PixelData = pixels.tobytes()
        pydicom.dcmwrite(f"{folder}/{number:03}.dcm", slice_, enforce_file_format=True)


def height_and_depth(file):
    """Return how far apart the two bright voxels lie: along the patient's axis, and from front to back, in mm."""
    image = nibabel.load(file)
    values = image.get_fdata()
    slices = np.nonzero(values.sum(axis=(0, 1)) > 600)[0]
    places = [np.unravel_index(values[:, :, k].argmax(), values.shape[:2]) for k in (slices[0], slices[-1])]
    first, last = (image.affine @ [*place, k, 1] for place, k in zip(places, (slices[0], slices[-1])))
    forms = np.abs(image.get_qform() - image.get_sform()).max()
    expect(forms < 1e-4, "sform and qform differ now")
    return abs(last - first)[[2, 1]]


tangent = np.tan(np.radians(20))
uneven = np.concatenate([np.arange(6) * 0.8, 4.0 + np.arange(1, 6) * 1.6])
series = {
    "uneven": ("Eq", uneven, (0, 0, 1), None, (uneven[-2], 0)),
    "tilted": ("Tilt", np.arange(11) * 0.8, (0, tangent, 1), 20.0, (7.2, 7.2 * tangent)),
}
for name, (suffix, heights, step, tilt, true) in series.items():
    write_series(name, heights, step, tilt)
    subprocess.run([dcm2niix.bin, "-f", name, "-o", ".", name], check=True, capture_output=True)
    plain, other = (height_and_depth(file) for file in (f"{name}.nii", f"{name}_{suffix}_1.nii"))
    wrong, left = np.linalg.norm(plain - true), np.linalg.norm(other - true)
    print(f"{name}: {name}.nii is wrong by {wrong:.1f} mm, {name}_{suffix}_1.nii by {left:.1f} mm")
    expect(wrong > 2, f"{name}.nii has the right geometry now")
    if name == "uneven":  # 12 mm in steps of 0.8 mm would be 16 slices
        expect(nibabel.load("uneven_Eq_1.nii").shape[2] == 15, "the resampled file has its last slice now")
    expect(left < 0.7, f"{name}_{suffix}_1.nii has another geometry now")
PYTHON
