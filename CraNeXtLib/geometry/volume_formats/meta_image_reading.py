"""Reading MetaImage, the format of ITK, Elastix and many challenges: ``.mha``, or ``.mhd`` with its data files.

VTK's reader drops the directions and nibabel has none, so the header is read here. It means what ITK takes it to mean:
each row of ``TransformMatrix`` is the direction of an array axis in LPS, and ``CenterOfRotation`` and
``AnatomicalOrientation`` place nothing. Only ``DistanceUnits``, which ITK ignores, is heeded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.reading import DamagedError, file_size, opened
from CraNeXtLib.geometry.volume_formats.data_files import named_files, numbers_of, read_voxels
from CraNeXtLib.geometry.volume_formats.length_units import unit_in_mm
from CraNeXtLib.geometry.volume_formats.stored_volume import StoredVolume, allocated, bytes_of, check_size, with_memory

_LONGEST_HEADER = 1 << 20
_ELEMENT_TYPES = {
    "MET_CHAR": "i1",
    "MET_ASCII_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",  # as in ITK, on every computer
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
_DIRECTIONS = ("TransformMatrix", "Rotation", "Orientation")
_ORIGIN = ("Offset", "Position", "Origin")


def read_meta_image(path: Path) -> StoredVolume:
    """Read a ``.mha`` or ``.mhd`` file with all its data files, to the checksums if they are compressed.

    Raises:
        InputError: If the header asks for more voxels than the files can hold, has no spacing, gives an unknown unit
            or the same twice, or scales the values.
        Exception: zlib and NumPy raise many kinds for a damaged file.
    """
    with opened(path) as file:
        header, listed = _read_header(file)
        if header.get("ObjectType", "Image") != "Image":
            raise InputError(f"{path.name} holds no image; give a volume.")
        _check_values(path.name, header)
        shape = tuple(map(int, header["DimSize"].split()))
        if len(shape) != int(header["NDims"]) or len(shape) > 16:
            raise DamagedError("The number of sizes is not the dimension.")
        dtype = np.dtype(_byte_order(header) + _ELEMENT_TYPES[header["ElementType"]])
        files = _data_files(path, header, listed)
        stored = sum(file_size(part) for part in files or [path])
        if not _is_true(header, "BinaryData", default=True):
            check_size(path.name, shape, 1, stored_bytes=stored)  # a digit takes one byte at least
            text = b"\n".join([part.read_bytes() for part in files] if files else [file.read()])
            voxels = with_memory(path.name, 64 * stored, lambda: numbers_of(text, shape, dtype))
        else:
            encoding = "zlib" if _is_true(header, "CompressedData") else "raw"
            check_size(path.name, shape, dtype.itemsize, stored_bytes=stored, encoding=encoding)
            voxels = allocated(path.name, shape, dtype)
            read_voxels(files, file, bytes_of(voxels), encoding=encoding, skipped=_skipped(header, files, encoding))
    return _placed(path.name, voxels, header)


def meta_image_data_files(path: Path) -> list[Path]:
    """Return the files with the voxels of a MetaImage, in order; none if the voxels follow the header.

    Raises:
        InputError: If there is no such file, or the header names more data files than a volume can have.
        DamagedError: If it is not a MetaImage.
    """
    with opened(path) as file:
        return _data_files(path, *_read_header(file))


def _read_header(file: IO[bytes]) -> tuple[dict[str, str], list[str]]:
    """Read a header, and leave the file where the attached voxels begin.

    Returns:
        The header's fields, and the names of the data files that follow it as a list.

    Raises:
        DamagedError: If there is no header of a bounded length, or a field is there twice.
    """
    header: dict[str, str] = {}
    while "ElementDataFile" not in header:
        line = file.readline(_LONGEST_HEADER).decode("utf-8", "replace")
        field = re.fullmatch(r"\s*([^=:]*?)\s*[=:]\s*(.*?)\s*", line)
        if line.isspace() and file.tell() <= _LONGEST_HEADER:  # as ITK, which skips empty lines
            continue
        if file.tell() > _LONGEST_HEADER or not field or field[1] in header:
            raise DamagedError("This is no MetaImage header.")
        header[field[1]] = field[2]
    if not header["ElementDataFile"].startswith("LIST"):
        return header, []
    return header, file.read(_LONGEST_HEADER).decode("utf-8", "replace").split("\n")


def _data_files(path: Path, header: Mapping[str, str], listed: Sequence[str]) -> list[Path]:
    named = header["ElementDataFile"]
    if named.upper() == "LOCAL":
        return []
    return named_files(path, named, [name.strip() for name in listed if name.strip()])


def _skipped(header: Mapping[str, str], files: Sequence[Path], encoding: str) -> int:
    """Return how many bytes come before the voxels of each data file; -1 if the voxels are at the end."""
    count = int(header.get("HeaderSize", 0))
    if count < -1 or (count and encoding != "raw") or (count > 0 and not files):
        raise DamagedError("The voxels' offset is impossible.")
    return count


def _check_values(name: str, header: Mapping[str, str]) -> None:
    """Refuse several values per voxel, and values that a reader has to scale, which ITK does not do."""
    if (channels := int(header.get("ElementNumberOfChannels", 1))) != 1:
        raise InputError(f"{name} has {channels} values per voxel; give a mask or a CT volume.")
    slope, offset = (
        float(header.get(f"ElementToIntensityFunction{key}", key == "Slope")) for key in ("Slope", "Offset")
    )
    if (slope, offset) != (1, 0):
        raise InputError(f"The header of {name} scales its values, which few programs heed; save the scaled values.")


def _byte_order(header: Mapping[str, str]) -> str:
    return ">" if any(_is_true(header, key) for key in ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")) else "<"


def _is_true(header: Mapping[str, str], key: str, *, default: bool = False) -> bool:
    return header.get(key, str(default))[:1] in ("T", "t", "1")


def _placed(name: str, voxels: np.ndarray, header: Mapping[str, str]) -> StoredVolume:
    """Return voxels with the position that the header gives, without further axes of one voxel."""
    count = voxels.ndim
    while voxels.ndim > 3 and voxels.shape[-1] == 1:
        voxels = voxels[..., 0]
    if voxels.ndim != 3:
        raise InputError(f"{name} has {voxels.ndim} dimensions; give a single 3D volume.")
    scale = unit_in_mm(name, [header.get("DistanceUnits", "")])
    spacing = _numbers(name, header, ("ElementSpacing",), (count,))
    if spacing is None:
        spacing = _numbers(name, header, ("ElementSize",), (count,))
    if spacing is None:
        raise InputError(f"{name} has no voxel spacing; save it with its spacing first.")
    spacing = spacing[:3] * scale
    directions = _numbers(name, header, _DIRECTIONS, (count, count))
    if directions is None:
        return StoredVolume(voxels, None, np.abs(spacing) if spacing.all() else None)
    origin = _numbers(name, header, _ORIGIN, (count,))
    affine = np.eye(4)
    affine[:3, :3] = directions[:3, :3].T * spacing
    affine[:3, 3] = 0 if origin is None else origin[:3] * scale
    affine[:2] *= -1  # from LPS to RAS
    return StoredVolume(voxels, affine, np.linalg.norm(affine[:3, :3], axis=0))


def _numbers(name: str, header: Mapping[str, str], keys: Sequence[str], shape: tuple[int, ...]) -> np.ndarray | None:
    """Return the numbers of a field that has several names; None if it is absent."""
    given = [key for key in keys if key in header]
    if len(given) > 1:
        raise InputError(f"The header of {name} gives both {given[0]} and {given[1]}; save it again.")
    return np.array(header[given[0]].split(), float).reshape(shape) if given else None
