"""Writing MetaImage files."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np

_ELEMENT_TYPES = {
    "int8": "MET_CHAR",
    "uint8": "MET_UCHAR",
    "int16": "MET_SHORT",
    "uint16": "MET_USHORT",
    "int32": "MET_INT",
    "uint32": "MET_UINT",
    "int64": "MET_LONG_LONG",
    "uint64": "MET_ULONG_LONG",
    "float32": "MET_FLOAT",
    "float64": "MET_DOUBLE",
}


def write_meta_image(path: Path, voxels: np.ndarray, affine: np.ndarray, *, data: Path | None = None) -> None:
    """Write a compressed ``.mha`` file, or a ``.mhd`` file with its data file.

    Args:
        path: The file.
        voxels: Array of three dimensions, best in Fortran order.
        affine: 4×4 matrix from indices to RAS mm.
        data: The file for the voxels, in the same folder; None to put them behind the header.
    """
    to_lps = np.array((-1, -1, 1))
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    directions = (affine[:3, :3] / spacing).T * to_lps + 0.0  # adding 0 turns -0 into 0
    content = voxels.astype(voxels.dtype.newbyteorder("<"), copy=False).tobytes(order="F")
    compressed = zlib.compress(content, 3)
    fields = {
        "ObjectType": "Image",
        "NDims": "3",
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "CompressedData": "True",
        "CompressedDataSize": str(len(compressed)),
        "TransformMatrix": _text(directions),
        "Offset": _text(affine[:3, 3] * to_lps + 0.0),
        "ElementSpacing": _text(spacing),
        "DimSize": " ".join(map(str, voxels.shape)),
        "ElementType": _ELEMENT_TYPES[voxels.dtype.name],
        "ElementDataFile": data.name if data else "LOCAL",
    }
    header = "".join(f"{key} = {value}\n" for key, value in fields.items())
    if data is None:
        path.write_bytes(header.encode() + compressed)
        return
    path.write_bytes(header.encode())
    data.write_bytes(compressed)


def _text(numbers: np.ndarray) -> str:
    return " ".join(repr(float(number)) for number in numbers.ravel())
