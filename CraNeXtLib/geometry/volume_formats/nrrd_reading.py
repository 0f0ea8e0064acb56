"""Reading NRRD files, attached or detached; pynrrd parses the header, the voxels are read here.

pynrrd decompresses whatever a file holds, without regard to the size in its header, and stops before the checksum.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.reading import DamagedError, file_size, opened
from CraNeXtLib.geometry.volume_formats.data_files import numbers_of, read_voxels
from CraNeXtLib.geometry.volume_formats.length_units import unit_in_mm
from CraNeXtLib.geometry.volume_formats.nrrd_files import data_files, read_header_lines
from CraNeXtLib.geometry.volume_formats.stored_volume import StoredVolume, allocated, bytes_of, check_size, with_memory

# The patient coordinate systems of NRRD, with the signs that turn their axes into RAS.
_TO_RAS = {
    "right-anterior-superior": (1, 1, 1),
    "ras": (1, 1, 1),
    "left-anterior-superior": (-1, 1, 1),
    "las": (-1, 1, 1),
    "left-posterior-superior": (-1, -1, 1),
    "lps": (-1, -1, 1),
}
_ENCODINGS = {
    "raw": "raw",
    "gz": "gzip",
    "gzip": "gzip",
    "bz2": "bzip2",
    "bzip2": "bzip2",
    **dict.fromkeys(("txt", "text", "ascii"), "text"),
}
_TYPES = {
    "i1": "signed char, int8, int8_t",
    "u1": "uchar, unsigned char, uint8, uint8_t",
    "i2": "short, short int, signed short, signed short int, int16, int16_t",
    "u2": "ushort, unsigned short, unsigned short int, uint16, uint16_t",
    "i4": "int, signed int, int32, int32_t",
    "u4": "uint, unsigned int, uint32, uint32_t",
    "i8": "longlong, long long, long long int, signed long long, signed long long int, int64, int64_t",
    "u8": "ulonglong, unsigned long long, unsigned long long int, uint64, uint64_t",
    "f4": "float",
    "f8": "double",
}
_TYPE_OF = {name: code for code, names in _TYPES.items() for name in names.split(", ")}


def read_nrrd(path: Path) -> StoredVolume:
    """Read a ``.nrrd`` or ``.nhdr`` file with all its data files, to the checksums if they are compressed.

    Raises:
        InputError: If the header asks for more voxels than the files can hold, or gives an encoding or unit that isn't
            read.
        Exception: pynrrd, gzip, zlib and bz2 raise many kinds for a damaged file.
    """
    import nrrd

    with opened(path) as file:
        header = nrrd.read_header([_without_spaces_in_vectors(line) for line in read_header_lines(file)[0]])
        encoding = str(header["encoding"])
        if encoding.lower() not in _ENCODINGS:
            raise InputError(f"The voxels of {path.name} are encoded as {encoding[:20]}; save it as raw or gzip.")
        layout = _Layout.of(header)
        files = data_files(path)
        stored = sum(file_size(part) for part in files or [path])
        if layout.encoding == "text":
            check_size(path.name, layout.shape, 1, stored_bytes=stored)  # a digit takes one byte at least
            sources = [part.read_bytes() for part in files] if files else [file.read()]
            text = b"\n".join(sources)
            voxels = with_memory(path.name, 64 * stored, lambda: numbers_of(text, layout.shape, layout.dtype))
        else:
            check_size(path.name, layout.shape, layout.dtype.itemsize, stored_bytes=stored, encoding=layout.encoding)
            voxels = allocated(path.name, layout.shape, layout.dtype)
            skipped = {"lines": layout.lines, "skipped": layout.bytes}
            read_voxels(files, file, bytes_of(voxels), encoding=layout.encoding, **skipped)
    return _placed(path.name, voxels, header)


def _without_spaces_in_vectors(line: str) -> str:
    """Return a line of a header as pynrrd reads it, which splits vectors at their spaces: ``(1, 0, 0)``."""
    if not line.startswith(("space directions:", "measurement frame:")):
        return line
    return re.sub(r"\([^()]*\)", lambda vector: "".join(vector[0].split()), line)


@dataclass(frozen=True)
class _Layout:
    """How the voxels are stored."""

    shape: tuple[int, ...]
    dtype: np.dtype
    encoding: str
    lines: int
    bytes: int

    @classmethod
    def of(cls, header: Mapping[str, Any]) -> _Layout:
        shape = tuple(int(size) for size in header["sizes"])
        if len(shape) != int(header["dimension"]) or len(shape) > 16:
            raise DamagedError("The number of sizes is not the dimension.")
        encoding = _ENCODINGS[header["encoding"].lower()]
        dtype = np.dtype(_TYPE_OF[header["type"]])
        if dtype.itemsize > 1 and encoding != "text":
            dtype = np.dtype({"little": "<", "big": ">"}[header["endian"].lower()] + dtype.str[1:])
        lines, count = (int(header.get(f"{unit}skip", header.get(f"{unit} skip", 0))) for unit in ("line", "byte"))
        if lines < 0 or count < -1 or (count == -1 and encoding != "raw"):
            raise DamagedError("The voxels' offset is impossible.")
        return cls(shape, dtype, encoding, lines, count)


def _placed(name: str, voxels: np.ndarray, header: Mapping[str, Any]) -> StoredVolume:
    """Return voxels with the position that the header gives.

    An axis without a direction, such as the layers of a segmentation, comes first, or is dropped if it has one voxel.
    """
    directions = header.get("space directions")
    if directions is None:
        spacing = np.asarray(header.get("spacings", np.nan), dtype=float) * unit_in_mm(name, header.get("units") or [])
        usable = spacing.shape == (3,) and np.isfinite(spacing).all() and (spacing > 0).all()
        return StoredVolume(voxels, None, spacing if usable else None, header=header)
    rows = [None if row is None or not np.isfinite(row).all() else np.asarray(row, float) for row in directions]
    spatial = np.array([row for row in rows if row is not None])
    if len(rows) == voxels.ndim:
        others = [axis for axis, row in enumerate(rows) if row is None]
        voxels = np.moveaxis(voxels, others, range(len(others)))
        voxels = voxels.squeeze(axis=tuple(axis for axis in range(len(others)) if voxels.shape[axis] == 1))
    if spatial.shape != (3, 3):
        return StoredVolume(voxels, None, None, header=header)
    scale = unit_in_mm(name, header.get("space units") or [])
    spatial = spatial * scale
    spacing = np.linalg.norm(spatial, axis=1)
    signs = _TO_RAS.get(str(header.get("space", "")).lower())
    affine = None
    if signs is not None:
        affine = np.eye(4)
        affine[:3, :3] = (spatial * signs).T
        affine[:3, 3] = np.asarray(header.get("space origin", (0, 0, 0)), dtype=float) * scale * signs
    return StoredVolume(voxels, affine, spacing if (spacing > 0).all() else None, header=header)
