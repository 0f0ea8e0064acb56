"""Writing NRRD files."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np

_TYPES = {"float32": "float", "float64": "double"}
"""Names of types in NRRD headers that are not NumPy's."""


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
    """Return voxels in Fortran order as the content of a gzip file.

    Masks, labels and what is 0 around an implant consist of runs: to look for these alone takes less time, and makes
    files that are a third smaller, than level 3 of zlib.
    """
    runs = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS | 16, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    return runs.compress(voxels.ravel("F").data.cast("B")) + runs.flush()
