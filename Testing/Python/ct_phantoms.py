"""DICOM series of generated CTs, for tests that need a scan but no patient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, ExplicitVRLittleEndian, generate_uid

from CraNeXtLib.geometry.volume import Volume

NAME = "Rossini^Adalgisa"  # patient name, which must not appear anywhere
SPACING = (0.5, 0.6, 1.2)


def blob(shape=(40, 36, 14), directions=None, spacing=SPACING) -> Volume:
    """Return smooth values in which every voxel differs from its neighbors, and which change when flipped."""
    affine = np.eye(4)
    affine[:3, :3] = (np.diag([-1, -1, 1]) if directions is None else directions) * spacing
    affine[:3, 3] = (12, -30, 55)
    i, j, k = np.indices(shape)
    values = 700 * np.sin(i / 9) + 200 * np.cos(j / 7 + 0.3) + 20 * k
    return Volume(np.rint(values).astype(np.int16), affine)


def write_series(
    ct: Volume,
    folder: Path,
    *,
    number: int = 3,
    description: str = "Head 1.0",
    positions: np.ndarray | None = None,
    prefix: str = "a",
    **attributes: Any,
) -> list[Path]:
    """Write a CT as a DICOM series, in random order and with uninformative file names.

    Args:
        ct: Hounsfield units; its last array axis becomes the slices.
        folder: Folder to write into.
        number: SeriesNumber.
        description: SeriesDescription.
        positions: RAS of each slice's first pixel, shape (K, 3); by default where the affine says.
        prefix: Prefix of the file names.
        attributes: Further DICOM attributes of each slice, such as ``Modality``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    study, uid, frame = generate_uid(), generate_uid(), generate_uid()
    to_lps = np.array([-1.0, -1.0, 1.0])
    count = ct.shape[2]
    if positions is None:
        positions = ct.to_ras(np.array([(0, 0, k) for k in range(count)]))
    directions = ct.affine[:3, :2] / ct.spacing[:2]
    paths = []
    for place, k in enumerate(np.random.default_rng(number).permutation(count)):
        dataset = Dataset()
        dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = NAME, "4711-ROSSINI", "19600102"
        dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, generate_uid()
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, uid
        dataset.Modality, dataset.SeriesNumber, dataset.SeriesDescription = "CT", number, description
        dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = frame, ""
        dataset.StudyDate = dataset.StudyTime = dataset.StudyID = dataset.AccessionNumber = ""
        dataset.PatientSex = dataset.ReferringPhysicianName = dataset.Manufacturer = ""
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        dataset.ImagePositionPatient = [f"{v:.6f}" for v in positions[k] * to_lps]
        dataset.ImageOrientationPatient = [f"{v:.6f}" for v in (directions.T * to_lps).ravel()]
        dataset.PixelSpacing = [f"{ct.spacing[1]:.6f}", f"{ct.spacing[0]:.6f}"]
        dataset.SliceThickness = f"{ct.spacing[2]:.6f}"
        dataset.RescaleSlope, dataset.RescaleIntercept = "1", "-1024"
        dataset.Columns, dataset.Rows = ct.shape[:2]
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
        dataset.PixelData = np.ascontiguousarray(ct.voxels[:, :, k].T + 1024).astype("<u2").tobytes()
        for keyword, value in attributes.items():
            setattr(dataset, keyword, value)
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, dataset.SOPInstanceUID
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        path = folder / f"{prefix}{place:04d}.dcm"
        FileDataset(path, dataset, file_meta=meta, preamble=b"\0" * 128).save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


_GROUPS = {
    "PlanePositionSequence": ("ImagePositionPatient",),
    "PlaneOrientationSequence": ("ImageOrientationPatient",),
    "PixelMeasuresSequence": ("PixelSpacing", "SliceThickness"),
    "PixelValueTransformationSequence": ("RescaleSlope", "RescaleIntercept"),
    "FrameContentSequence": ("InStackPositionNumber",),
}
"""Functional groups, and which attributes of a single slice each holds."""


def write_enhanced(
    ct: Volume,
    path: Path,
    *,
    order: Sequence[int] | None = None,
    per_frame: Sequence[str] = ("PlanePositionSequence", "FrameContentSequence"),
    change: Callable[[list[Dataset]], object] | None = None,
    **attributes: Any,
) -> Path:
    """Write a CT as one enhanced CT, all of whose slices are frames of one file.

    Args:
        ct: Hounsfield units; its last array axis becomes the frames.
        path: File to write.
        order: Which slice each frame shows; by default from the first to the last.
        per_frame: Functional groups that each frame has; the others are shared.
        change: Called with the single slices, in their order, before they become frames.
        attributes: As of :func:`write_series`.
    """
    files = write_series(ct, path.parent / f"{path.stem}-single", **attributes)
    axis = np.cross(*(ct.affine[:3, :2] / ct.spacing[:2]).T) * np.sign(np.linalg.det(ct.affine[:3, :3]))
    to_lps = np.array([-1.0, -1.0, 1.0])
    slices = sorted(map(dcmread, files), key=lambda d: float(np.dot(d.ImagePositionPatient * to_lps, axis)))
    for number, one in enumerate(slices, 1):
        one.InStackPositionNumber = number
    if change:
        change(slices)
    frames = [slices[k] for k in (range(len(slices)) if order is None else order)]
    whole = dcmread(files[0])
    whole.SOPClassUID = whole.file_meta.MediaStorageSOPClassUID = EnhancedCTImageStorage
    whole.NumberOfFrames, whole.InstanceNumber = len(frames), 1
    whole.PixelData = b"".join(frame.PixelData for frame in frames)
    whole.SharedFunctionalGroupsSequence = [_groups(frames[0], [name for name in _GROUPS if name not in per_frame])]
    whole.PerFrameFunctionalGroupsSequence = [_groups(frame, per_frame) for frame in frames]
    for keyword in (keyword for keywords in _GROUPS.values() for keyword in keywords if keyword in whole):
        del whole[keyword]
    whole.save_as(path)
    for file in files:
        file.unlink()
    files[0].parent.rmdir()
    return path


def _groups(frame: Dataset, names: Sequence[str]) -> Dataset:
    groups = Dataset()
    for name in names:
        item = Dataset()
        for keyword in _GROUPS[name]:
            setattr(item, keyword, frame[keyword].value)
        setattr(groups, name, [item])
    return groups
