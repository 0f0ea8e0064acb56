"""A volume as a file stores it, and the memory that it may take."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.runtime.memory import total_memory_bytes

MOST_BYTES = 8 << 30
"""Largest volume that is read: the head at 0.2 mm as 64-bit numbers. No file makes us allocate more."""
_LEAST_EXTENT_MM, _MOST_EXTENT_MM = 1.0, 3000.0
"""The longest side of a volume: from a specimen on a micro-CT to the whole body."""
_MOST_EXPANSION = {"gzip": 1032, "zlib": 1032, "bzip2": 1 << 21}
"""How much longer content can become when it is decompressed: deflate cannot do more, bzip2 hardly."""


@dataclass(frozen=True)
class StoredSegment:
    """One of the named masks in a file.

    Attributes:
        id: What tells it from all others of the file.
        name: Its name.
        label: Its number.
        mask: Returns its voxels, of type bool.
    """

    id: str
    name: str
    label: int
    mask: Callable[[], np.ndarray]


@dataclass(frozen=True)
class StoredVolume:
    """The content of a file, before its orientation and segment are chosen.

    Attributes:
        voxels: Array of three or more dimensions, in the file's order of axes; None if there are only segments.
        affine: 4×4 matrix from indices to RAS mm, or None if the header gives no orientation.
        spacing: Distance between voxel centers along the three axes in mm, or None if the header gives none.
        conflict: Why the affine cannot be trusted; empty if it can.
        header: Fields of a NRRD file.
        segments: The masks of a DICOM segmentation.
    """

    voxels: np.ndarray | None
    affine: np.ndarray | None
    spacing: np.ndarray | None
    conflict: str = ""
    header: Mapping[str, Any] = field(default_factory=dict)
    segments: Sequence[StoredSegment] = ()


@contextmanager
def reading(path: Path, kind: str) -> Iterator[None]:
    """Turn what libraries raise while they read a file into one sentence that names it.

    Args:
        path: The file.
        kind: What it should be, such as ``".nrrd"``.

    Raises:
        InputError: If the file is damaged or this computer has too little memory for it.
        ImportError: If a library is missing.
    """
    try:
        yield
    except (InputError, ImportError):
        raise
    except MemoryError as error:
        raise too_little_memory(path.name, path.stat().st_size) from error
    except Exception as error:  # pynrrd, nibabel, highdicom, zlib and gzip raise many kinds for a damaged file
        raise InputError(f"{path.name} cannot be read; it is damaged or not a {kind} file.") from error


def check_size(name: str, shape: Sequence[int], itemsize: int, *, stored_bytes: int, encoding: str = "raw") -> None:
    """Check that a file can hold the voxels that its header promises, and this computer, too.

    Args:
        name: Name of the file, for messages.
        shape: Size along each axis, from the header.
        itemsize: Bytes of a voxel in the file.
        stored_bytes: Size of the file, or of all its data files.
        encoding: How the voxels are compressed: ``"raw"``, ``"gzip"``, ``"zlib"`` or ``"bzip2"``.

    Raises:
        InputError: If the size is not possible, more than the file can hold, or more than this computer can.
    """
    if not shape or min(shape) < 1:
        raise InputError(f"{name} has no voxels; its header gives the size {_times(shape)}.")
    wanted = math.prod(shape) * itemsize
    if wanted > stored_bytes * _MOST_EXPANSION.get(encoding, 1):
        raise InputError(
            f"{name} is damaged: its header promises {_times(shape)} voxels, more than {stored_bytes:,} bytes can hold."
        )
    check_memory(name, shape, itemsize)


def check_memory(name: str, shape: Sequence[int], itemsize: int) -> None:
    """Check that voxels fit into this computer's memory, before it is taken.

    Args:
        name: What they are, for messages.
        shape: Size along each axis.
        itemsize: Bytes of a voxel.

    Raises:
        InputError: If they do not, or are more than any scan of a head has.
    """
    wanted = math.prod(shape) * itemsize
    if wanted > MOST_BYTES:
        raise InputError(
            f"{name} is too large: {_times(shape)} voxels take {wanted / 2**30:,.0f} GiB of at most "
            f"{MOST_BYTES >> 30}; crop it to the head or make its voxels larger."
        )
    memory = total_memory_bytes()
    if memory is not None and wanted > memory:
        raise too_little_memory(name, wanted)


def check_mesh_memory(name: str, stored_bytes: int) -> None:
    """Check that the triangles of a file fit into this computer's memory, before they are read.

    Args:
        name: Name of the file, for messages.
        stored_bytes: Its size, decompressed.

    Raises:
        InputError: If they do not; while they are read, they take 16 times the memory of the file.
    """
    wanted = 16 * stored_bytes
    if wanted > MOST_BYTES:
        raise InputError(
            f"{name} is too large: {stored_bytes >> 20:,} MiB of triangles, of at most {MOST_BYTES >> 24}; reduce "
            "their number, or save them as binary STL or PLY."
        )
    memory = total_memory_bytes()
    if memory is not None and wanted > memory:
        raise too_little_memory(name, wanted)


def check_extent(name: str, extent_mm: float) -> None:
    """Check that a volume has a size that some scan has.

    Args:
        name: What it is, for the message.
        extent_mm: Its longest side.

    Raises:
        InputError: If it is too short or too long.
    """
    if not _LEAST_EXTENT_MM <= extent_mm <= _MOST_EXTENT_MM:
        raise InputError(
            f"{name} is {extent_mm:.3g} mm long, which no scan is; check its spacing and its unit, which must be "
            "millimeters."
        )


def allocated(name: str, shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """Return an array for voxels, in Fortran order, whose size :func:`check_size` accepted.

    Raises:
        InputError: If the memory does not suffice.
    """
    wanted = math.prod(shape) * dtype.itemsize
    return with_memory(name, wanted, lambda: np.empty(tuple(shape), dtype, order="F"))


def with_memory(name: str, wanted: int, work: Callable[[], np.ndarray]) -> np.ndarray:
    """Do work that allocates memory, and say so if there is too little.

    Raises:
        InputError: If the memory does not suffice.
    """
    try:
        return work()
    except MemoryError as error:
        raise too_little_memory(name, wanted) from error


def too_little_memory(name: str, wanted: int) -> InputError:
    """Return the error for a file that this computer's memory cannot hold."""
    return InputError(
        f"This computer has too little memory for {name}, which takes {max(1, wanted >> 20):,} MiB; close other "
        "programs, or crop the volume to the head."
    )


def bytes_of(voxels: np.ndarray) -> memoryview:
    """Return the memory of an array in Fortran order as bytes, to be filled."""
    return memoryview(voxels.T.reshape(-1).view(np.uint8))


def _times(shape: Sequence[int]) -> str:
    return " x ".join(str(size)[:20] for size in shape[:8])
