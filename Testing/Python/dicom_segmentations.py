"""DICOM segmentations written by highdicom, for tests that read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
from ct_phantoms import write_series
from pydicom import Dataset, dcmread
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from CraNeXtLib.geometry.volume import Volume


def write_segmentation(
    path: Path,
    ct: Volume,
    masks: Mapping[str, np.ndarray],
    *,
    kind: str = "BINARY",
    change: Callable[[Dataset], Any] | None = None,
    tilt_mm: float = 0,
) -> Path:
    """Write masks as segments of a CT, which is written for that purpose; empty slices are left out.

    Args:
        path: File to write.
        ct: The CT.
        masks: Voxels of each segment by its name, on the CT's grid, from 0 to 1.
        kind: ``"BINARY"``, ``"FRACTIONAL"`` or ``"LABELMAP"``.
        change: Called with the segmentation before it is written.
        tilt_mm: How far each slice of the CT is shifted against the one before.
    """
    positions = ct.to_ras(np.array([(0, 0, k) for k in range(ct.shape[2])]))
    positions += tilt_mm * np.arange(ct.shape[2])[:, None] * ct.affine[:3, 1] / ct.spacing[1]
    files = write_series(ct, path.parent / f"{path.stem}-ct", positions=positions)
    slices = sorted(map(dcmread, files), key=lambda d: float(np.dot(d.ImagePositionPatient, [-1, -1, 1] * axis(ct))))
    pixels = np.stack([mask.astype(float) for mask in masks.values()], axis=-1).transpose(2, 1, 0, 3)
    segmentation = highdicom.seg.Segmentation(
        slices,
        pixels if kind == "FRACTIONAL" else pixels.astype(np.uint8),
        highdicom.seg.SegmentationTypeValues(kind),
        [described(number, name) for number, name in enumerate(masks, 1)],
        *(generate_uid(), 2, generate_uid(), 1, "maker", "model", "1", "1"),
    )
    if change:
        change(segmentation)
    segmentation.save_as(path)
    return path


def axis(ct: Volume) -> np.ndarray:
    """Return the direction from one slice to the next, RAS."""
    return ct.affine[:3, 2] / ct.spacing[2]


def described(number: int, name: str) -> highdicom.seg.SegmentDescription:
    """Return the description of a segment."""
    by_hand = highdicom.seg.SegmentAlgorithmTypeValues.MANUAL
    return highdicom.seg.SegmentDescription(number, name, codes.SCT.Tissue, codes.SCT.Bone, by_hand)
