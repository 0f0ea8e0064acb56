"""Reading the slices of a DICOM series into a volume in Hounsfield units."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from pydicom import Dataset

from CraNeXtLib.anatomy.ct.dicom_header import HeaderValues, parsed
from CraNeXtLib.anatomy.ct.dicom_pixels import Encoding, encoding_warnings, hounsfield, overlay_bits, stored_values
from CraNeXtLib.anatomy.ct.dicom_series import LEAST_SLICES, Series
from CraNeXtLib.anatomy.ct.scan import CTScan
from CraNeXtLib.anatomy.ct.series_ends import COUNTERS, end_warnings
from CraNeXtLib.anatomy.ct.slice_stack import SAME_POSITION_MM, SliceStack, volume_of
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume_formats.stored_volume import check_memory, too_little_memory

_TO_RAS = np.array([-1.0, -1.0, 1.0])
_SPACING_MM = (0.01, 10.0)
_MOST_THICKNESS_MM = 20.0
_MOST_POSITION_MM = 10_000.0
_RIGHT_ANGLE = 2e-3  # Rounded to three digits, directions deviate by half of it.
_PARALLEL = 0.7  # Cosine of the angle to the other slices below which an image is a scout of the same series.


@dataclass(frozen=True, eq=False)
class _Slice:
    """One slice.

    Attributes:
        file: Name of its file and, if that holds several slices, the number of its frame.
        digest: SHA-256 of its file.
        position: Center of the first pixel, LPS mm, shape (3,).
        directions: LPS unit vectors in which the column and the row index increase, shape (2, 3).
        spacing: Distance between columns and between rows, in mm.
        thickness: Nominal thickness in mm, 0 if unknown.
        encoding: How the header says that its stored values become Hounsfield units.
        counters: What the header says of ``COUNTERS``.
        values: Hounsfield units, shape (columns, rows).
    """

    file: str
    digest: str
    position: np.ndarray
    directions: np.ndarray
    spacing: tuple[float, float]
    thickness: float
    encoding: Encoding
    counters: dict[str, str]
    values: np.ndarray

    @property
    def normal(self) -> np.ndarray:
        """LPS vector perpendicular to the slice, shape (3,)."""
        return np.cross(*self.directions)


def read_slices(series: Series) -> CTScan:
    """Read the slices of a series into a volume.

    Raises:
        InputError: If a file is damaged or cannot be decoded, if the slices do not belong together, are incomplete or
            do not form a volume, or if this computer has too little memory for them.
    """
    try:
        return _scan(series)
    except MemoryError as error:
        raise too_little_memory(f"series {series.name}", sum(path.stat().st_size for path in series.files)) from error


def _scan(series: Series) -> CTScan:
    images = _decoded(series)
    slices, warnings = _without_scouts(images)
    _check_alike(slices, series)
    ordered = _in_order(slices)
    if len(ordered) < LEAST_SLICES:
        raise InputError(f"Series {series.name} has only {len(ordered)} different slices; export the whole series.")
    thickness = max(one.thickness for one in ordered)
    stack = SliceStack(
        values=[one.values for one in ordered],
        positions=np.array([one.position for one in ordered]) * _TO_RAS,
        directions=ordered[0].directions * _TO_RAS,
        spacing=ordered[0].spacing,
        thickness=thickness,
    )
    volume, changes = volume_of(stack)
    warnings += end_warnings(series, stack, [one.counters for one in images])
    lowest = min(float(one.values.min()) for one in ordered)
    warnings += encoding_warnings({one.file: one.encoding for one in ordered}, lowest)
    details = {
        "series_number": series.number,
        "slices": len(ordered),
        "slice_thickness_mm": round(thickness, 3),
        "gantry_tilt_deg": round(stack.tilt_deg, 2),
    }
    digests = dict.fromkeys(one.digest for one in ordered)
    return CTScan(
        volume=volume,
        path=f"DICOM series {series.number}".strip(),
        sha256=hashlib.sha256("".join(digests).encode()).hexdigest(),
        details=details,
        warnings=(*warnings, *changes),
    )


def _decoded(series: Series) -> list[_Slice]:
    """Decode the slices of all files, of equal ones only the first."""
    slices: list[_Slice] = []
    seen: set[str] = set()
    voxels = 0
    for path in series.files:
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if digest in seen:
            continue
        seen.add(digest)
        for one in _slices_of(content, path, digest):
            voxels += one.values.size
            check_memory(f"Series {series.name}", (voxels,), 4)
            slices.append(one)
    return slices


def _slices_of(content: bytes, path: Path, digest: str) -> Iterator[_Slice]:
    """Decode the slices of one file: a single one, or the frames of an enhanced CT."""
    dataset = parsed(BytesIO(content))
    if dataset is None:
        raise InputError(f"{path.name} is damaged; export the series again.")
    stored = stored_values(dataset, path.name)
    overlays = overlay_bits(dataset)
    whole = HeaderValues(path.name, [dataset])
    frames = whole.items("PerFrameFunctionalGroupsSequence") or [Dataset()]
    shared = whole.items("SharedFunctionalGroupsSequence") or [Dataset()]
    if len(frames) != len(stored):
        raise InputError(f"{path.name} does not give the position of each of its slices; export the series again.")
    common = [*_items(shared[0]), dataset]
    for number, (values, frame) in enumerate(zip(stored, frames, strict=True), start=1):
        name = path.name if len(stored) == 1 else f"{path.name} (frame {number})"
        header = HeaderValues(name, [*_items(frame), *common])
        across, along = header.numbers("PixelSpacing", 2)  # DICOM lists the distance between rows first.
        yield _Slice(
            file=name,
            digest=digest,
            position=np.array(header.numbers("ImagePositionPatient", 3)),
            directions=np.array(header.numbers("ImageOrientationPatient", 6)).reshape(2, 3),
            spacing=(along, across),
            thickness=header.number("SliceThickness", 0, _MOST_THICKNESS_MM, default=0),
            encoding=Encoding.of(header),
            counters={keyword: header.text(keyword) for keyword in COUNTERS},
            values=hounsfield(values, header, overlays=overlays).T,
        )


def _items(group: Dataset) -> list[Dataset]:
    """Return the first items of a functional group's nonempty sequences."""
    values = HeaderValues("", [group])
    return [items[0] for keyword in group.dir() if (items := values.items(keyword))]


def _without_scouts(slices: Sequence[_Slice]) -> tuple[list[_Slice], list[str]]:
    """Leave out the few images that cross the slices, as a scout does that is not marked as one, with a warning."""
    for one in slices:
        _check_geometry(one)
    normals = np.array([one.normal for one in slices])
    directions, counts = np.unique(normals.round(1) + 0.0, axis=0, return_counts=True)  # adding 0 turns -0 into 0
    usual = np.abs(normals @ directions[counts.argmax()]) > _PARALLEL
    crossing = len(slices) - int(usual.sum())
    if not 0 < crossing < LEAST_SLICES:
        return list(slices), []
    kept = [one for one, is_slice in zip(slices, usual, strict=True) if is_slice]
    names = ", ".join(dict.fromkeys(one.file for one, is_slice in zip(slices, usual, strict=True) if not is_slice))
    return kept, [f"Images that cross the slices, as scouts do, were left out: {names}."]


def _check_geometry(one: _Slice) -> None:
    """Raise InputError if a slice has a place or size that no CT of a head has."""
    product = one.directions @ one.directions.T
    if np.abs(product - np.eye(2)).max() > _RIGHT_ANGLE:
        raise InputError(
            f"ImageOrientationPatient of {one.file} gives no directions at right angles; export the series again."
        )
    if not (min(one.spacing) >= _SPACING_MM[0] and max(one.spacing) <= _SPACING_MM[1]):
        raise InputError(
            f"PixelSpacing of {one.file} is {one.spacing[1]:g} x {one.spacing[0]:g} mm, which no CT of a head has; "
            "export the series again."
        )
    if np.abs(one.position).max() > _MOST_POSITION_MM:
        raise InputError(
            f"ImagePositionPatient of {one.file} is {np.abs(one.position).max():.3g} mm away, where no head is; export "
            "the series again."
        )


def _check_alike(slices: Sequence[_Slice], series: Series) -> None:
    """Raise InputError if slices differ in size, direction or unit."""
    first = slices[0]
    for one in slices:
        if one.encoding.rescales != first.encoding.rescales:
            without = one if first.encoding.rescales else first
            raise InputError(f"{without.file} has no RescaleSlope or RescaleIntercept; export the series again.")
        if one.values.shape != first.values.shape or not np.allclose(one.spacing, first.spacing, rtol=1e-3):
            raise InputError(
                f"The slices of series {series.name} differ in size, as {first.file} and {one.file} do; export one "
                "reconstruction alone."
            )
        if not np.allclose(one.directions, first.directions, atol=1e-3):
            raise InputError(
                f"The slices of series {series.name} differ in direction, as {first.file} and {one.file} do; export "
                "one reconstruction alone."
            )


def _in_order(slices: Sequence[_Slice]) -> list[_Slice]:
    """Sort slices along their normal, and keep one of several equal slices in one place.

    Raises:
        InputError: If different slices have the same position.
    """
    normal = slices[0].normal
    ordered: list[_Slice] = []
    for one in sorted(slices, key=lambda s: float(s.position @ normal)):
        last = ordered[-1] if ordered else None
        if last is None or (one.position - last.position) @ normal >= SAME_POSITION_MM:
            ordered.append(one)
        elif np.abs(one.position - last.position).max() >= SAME_POSITION_MM or (one.values != last.values).any():
            raise InputError(
                f"{last.file} and {one.file} are different slices with the same position; export a single "
                "reconstruction, without other phases."
            )
    return ordered
