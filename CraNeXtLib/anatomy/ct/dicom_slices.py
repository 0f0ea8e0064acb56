"""Reading the slices of a DICOM series into a volume in Hounsfield units."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.pixels import get_decoder

from CraNeXtLib.anatomy.ct.dicom_series import Series
from CraNeXtLib.anatomy.ct.scan import CTScan
from CraNeXtLib.anatomy.ct.slice_stack import AIR_HU, SliceStack, volume_of
from CraNeXtLib.core.errors import InputError

_TO_RAS = np.array([-1.0, -1.0, 1.0])


@dataclass(frozen=True, eq=False)
class _Slice:
    """One slice.

    Attributes:
        position: Center of the first pixel, LPS mm, shape (3,).
        directions: LPS unit vectors in which the column and the row index increase, shape (2, 3).
        spacing: Distance between columns and between rows, in mm.
        thickness: Nominal thickness in mm, 0 if unknown.
        values: Hounsfield units, shape (columns, rows).
    """

    position: np.ndarray
    directions: np.ndarray
    spacing: tuple[float, float]
    thickness: float
    values: np.ndarray


def read_slices(series: Series) -> CTScan:
    """Read the slices of a series into a volume.

    Raises:
        InputError: If a file is damaged or cannot be decoded, or if the slices do not belong together, are incomplete
            or do not form a volume.
    """
    slices: list[tuple[_Slice, str]] = []
    for path in series.files:
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        slices.extend((one, digest) for one in _slices_of(content, path.name))
    first = slices[0][0]
    for one, _ in slices:
        if one.values.shape != first.values.shape or not np.allclose(one.spacing, first.spacing, rtol=1e-3):
            raise InputError(f"The slices of series {series.name} differ in size; export one reconstruction alone.")
        if not np.allclose(one.directions, first.directions, atol=1e-3):
            raise InputError(
                f"The slices of series {series.name} differ in direction; export one reconstruction alone."
            )
    normal = np.cross(*first.directions)
    slices.sort(key=lambda pair: float(pair[0].position @ normal))
    ordered = [one for one, _ in slices]
    thickness = max(one.thickness for one in ordered)
    stack = SliceStack(
        values=[one.values for one in ordered],
        positions=np.array([one.position for one in ordered]) * _TO_RAS,
        directions=first.directions * _TO_RAS,
        spacing=first.spacing,
        thickness=thickness,
    )
    volume, warnings = volume_of(stack)
    details = {
        "series_number": series.number,
        "slices": len(ordered),
        "slice_thickness_mm": round(thickness, 3),
        "gantry_tilt_deg": round(stack.tilt_deg, 2),
    }
    digests = dict.fromkeys(digest for _, digest in slices)
    return CTScan(
        volume=volume,
        path=f"DICOM series {series.number}".strip(),
        sha256=hashlib.sha256("".join(digests).encode()).hexdigest(),
        details=details,
        warnings=tuple(warnings),
    )


def _slices_of(content: bytes, name: str) -> Iterator[_Slice]:
    """Decode the slices of one file: a single one, or the frames of an enhanced CT."""
    dataset = dcmread(BytesIO(content))
    _check_decoder(dataset, name)
    try:
        stored = dataset.pixel_array
    except Exception as error:  # pydicom and the decoders raise exceptions of many types
        raise InputError(f"The image in {name} cannot be decoded; export the series again.") from error
    groups = dataset.get("PerFrameFunctionalGroupsSequence")
    try:
        if groups is None:
            yield _slice(stored, [dataset])
            return
        shared = dataset.SharedFunctionalGroupsSequence[0]
        for values, frame in zip(stored.reshape(len(groups), *stored.shape[-2:]), groups, strict=True):
            yield _slice(values, [item[0] for item in _items(frame)] + [item[0] for item in _items(shared)] + [dataset])
    except (AttributeError, KeyError, ValueError, TypeError, IndexError) as error:
        raise InputError(f"{name} lacks a valid position of its slice; export the series again.") from error


def _items(group: Dataset) -> Iterator[Any]:
    """Return the values of a functional group's nonempty sequences."""
    return (element.value for element in group if element.VR == "SQ" and len(element.value))


def _slice(stored: np.ndarray, sources: Sequence[Dataset]) -> _Slice:
    """Return a slice, with each attribute from the first of some data sets that has it."""

    def get(keyword: str, default: Any = None) -> Any:
        return next((source[keyword].value for source in sources if source.get(keyword) is not None), default)

    if stored.ndim != 2:
        raise ValueError("not gray values")
    spacing = get("PixelSpacing")
    return _Slice(
        position=np.array(get("ImagePositionPatient"), dtype=float).reshape(3),
        directions=np.array(get("ImageOrientationPatient"), dtype=float).reshape(2, 3),
        spacing=(float(spacing[1]), float(spacing[0])),  # DICOM lists the distance between rows first.
        thickness=float(get("SliceThickness") or 0),
        values=_hounsfield(stored, float(get("RescaleSlope", 1)), float(get("RescaleIntercept", 0))).T,
    )


def _hounsfield(stored: np.ndarray, slope: float, intercept: float) -> np.ndarray:
    """Rescale stored values; values below air are padding outside the scanner's round field of view and become air."""
    values = np.maximum(stored * np.float32(slope) + np.float32(intercept), AIR_HU)
    whole = slope.is_integer() and intercept.is_integer() and values.max() <= np.iinfo(np.int16).max
    return values.astype(np.int16 if whole else np.float32)


def _check_decoder(dataset: Dataset, name: str) -> None:
    """Raise InputError if no installed decoder can read a file's image."""
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if "PixelData" not in dataset or syntax is None:
        raise InputError(f"{name} contains no image; export the series again.")
    try:
        available = not syntax.is_compressed or get_decoder(syntax).is_available
    except (NotImplementedError, ValueError):  # pydicom does not know the syntax
        available = False
    if not available:
        raise InputError(
            f"{name} is compressed as {syntax.name}, for which no decoder is installed; run pip install python-gdcm, "
            "or export the series uncompressed."
        )
