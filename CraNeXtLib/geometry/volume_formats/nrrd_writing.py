"""Writing NRRD files."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np

_TYPES = {"float32": "float", "float64": "double"}
"""Names of types in NRRD headers that are not NumPy's."""

_BLOCK = 2**18
"""Bytes that are compressed together."""
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"  # DEFLATE without name and time, as fast as it gets
_LAST_BLOCK = b"\x03\x00"  # an empty one


def write_nrrd(path: Path, voxels: np.ndarray, affine: np.ndarray) -> None:
    """Write a compressed ``.nrrd`` file in LPS, whose numbers keep every digit.

    pynrrd formats the header. Its own writer would copy the voxels, and note the time, so that no two files would be
    the same.

    Args:
        path: The file.
        voxels: Array of three dimensions, best in Fortran order.
        affine: 4×4 matrix from indices to RAS mm.
    """
    import nrrd

    to_lps = np.array((-1, -1, 1))
    stored = np.asfortranarray(voxels.astype(voxels.dtype.newbyteorder("<"), copy=False))
    fields = {
        "type": _TYPES.get(voxels.dtype.name, voxels.dtype.name),
        "dimension": "3",
        "space": "left-posterior-superior",
        "sizes": " ".join(map(str, voxels.shape)),
        "space directions": nrrd.format_matrix(affine[:3, :3].T * to_lps + 0.0),  # adding 0 turns -0 into 0
        "kinds": "domain domain domain",
        "endian": "little",
        "encoding": "gzip",
        "space origin": nrrd.format_vector(affine[:3, 3] * to_lps + 0.0),
    }
    header = "".join(f"{field}: {value}\n" for field, value in fields.items())
    path.write_bytes(f"NRRD0005\n{header}\n".encode() + _gzipped(stored))


def _gzipped(voxels: np.ndarray) -> bytes:
    """Return voxels in Fortran order as the content of a gzip file (RFC 1952).

    Masks, labels and what is 0 around an implant consist of runs: to look for these alone takes less time, and makes
    files that are a third smaller, than level 3 of zlib. Blocks that hold nothing, such as most of an implant's mask,
    are compressed once.
    """
    content = voxels.ravel("F").view(np.uint8)
    nothing = _deflated(bytes(_BLOCK))
    packed = [_GZIP_HEADER]
    for start in range(0, len(content), _BLOCK):
        block = content[start : start + _BLOCK]
        empty = len(block) == _BLOCK and not block.view(np.uint64).any()
        packed.append(nothing if empty else _deflated(block.data))
    packed += [_LAST_BLOCK, struct.pack("<LL", zlib.crc32(content.data), len(content) & 0xFFFFFFFF)]
    return b"".join(packed)


def _deflated(block: bytes | memoryview) -> bytes:
    """Return bytes as blocks of DEFLATE (RFC 1951) that end on a whole byte and do not refer to earlier ones."""
    runs = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    return runs.compress(block) + runs.flush(zlib.Z_SYNC_FLUSH)
