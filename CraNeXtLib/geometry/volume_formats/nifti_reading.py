"""Reading NIfTI-1 and NIfTI-2 files, compressed or not."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.reading import DamagedError, check_end, decompressed, file_size, opened
from CraNeXtLib.geometry.affine import apply_affine
from CraNeXtLib.geometry.box import corners_between
from CraNeXtLib.geometry.volume_formats.stored_volume import StoredVolume, check_size, with_memory

if TYPE_CHECKING:
    from nibabel import Nifti1Header
    from nibabel.arrayproxy import ArrayProxy

_UNIT_IN_MM = {"unknown": 1.0, "mm": 1.0, "meter": 1000.0, "micron": 0.001}
_CODES = ("sform_code", "qform_code")
_SILENT = logging.Logger("silent", logging.CRITICAL + 1)
"""For nibabel, which otherwise prints what it corrects in a header."""
_NEAR = 0.01
"""Relative difference of two spacings that rounding explains."""
NEAR_MM = 0.1
"""Distance of two positions that rounding explains: of a quaternion, or of a matrix that isn't quite orthogonal."""
_SCANNER = 1
"""The sform code with which ITK, too, takes the sform before a qform."""


def read_nifti(path: Path) -> StoredVolume:
    """Read a ``.nii`` or ``.nii.gz`` file, to the checksum if it is compressed.

    The sform takes precedence over the qform, as the format says and nibabel has it. With a code other than 1
    (scanner), ITK takes the qform instead, and with it 3D Slicer, ITK-SNAP and ANTs; if the two differ then, the file
    has two positions, and neither can be trusted.

    Raises:
        InputError: If the header asks for more voxels than the file can hold, or scales them by an intercept only.
        Exception: nibabel, gzip and zlib raise many kinds for a damaged file.
    """
    encoding = "gzip" if path.name.lower().endswith(".gz") else "raw"
    with opened(path) as file:
        stream = decompressed(file, encoding)
        header, unknown, pixdim = _read_header(stream)
        shape = tuple(int(size) for size in header.get_data_shape())
        dtype = header.get_data_dtype()
        if not len(shape) >= 3:
            raise InputError(f"{path.name} has {len(shape)} dimensions; give a single 3D volume.")
        if dtype.kind not in "iuf":
            raise InputError(f"{path.name} does not contain numbers; give a mask or a CT volume.")
        _check_scaling(path.name, header)
        check_size(path.name, shape, dtype.itemsize, stored_bytes=file_size(path), encoding=encoding)
        # nibabel stops after the last voxel, before the checksum.
        voxels = with_memory(path.name, 8 * math.prod(shape), lambda: np.asanyarray(_proxy(stream, header)))
        check_end(stream)
    while voxels.ndim > 3 and voxels.shape[-1] == 1:
        voxels = voxels[..., 0]
    scale = _UNIT_IN_MM.get(header.get_xyzt_units()[0])
    if scale is None:
        raise InputError(f"The header of {path.name} gives an unknown unit of length; save it in millimeters.")
    spacing = np.abs(pixdim) * scale if (pixdim != 0).all() and np.isfinite(pixdim).all() else None
    affine, conflict = _affine(header, voxels.shape, pixdim, scale)
    return StoredVolume(voxels, affine, spacing, unknown or conflict)


def _read_header(stream: IO[bytes]) -> tuple[Nifti1Header, str, np.ndarray]:
    """Return the header, and what nibabel corrects in it without a word to the caller.

    Returns:
        The header; a sform or qform of an unknown kind, which nibabel ignores, as a phrase; and the ``pixdim`` of the
        three axes as stored, in which nibabel turns 0 into 1.
    """
    from nibabel import Nifti1Header, Nifti2Header

    block = stream.read(348)
    kind: Any = Nifti1Header
    if block[:4] in _sizes(540):
        kind, block = Nifti2Header, block + stream.read(540 - 348)
    if len(block) not in (348, 540) or block[:4] not in _sizes(len(block)):
        raise DamagedError("This is no NIfTI header.")
    stored = kind(block, check=False)
    header = stored.copy()
    header.check_fix(logger=_SILENT)
    if not bytes(header["magic"]).startswith((b"n+1", b"n+2")):
        raise DamagedError("The voxels are in another file.")
    if not len(block) <= float(header["vox_offset"]) < 1 << 30:
        raise DamagedError("The voxels begin inside the header.")
    changed = next((f"{code} {stored[code]}" for code in _CODES if stored[code] != header[code]), "")
    unknown = f"gives no known kind of orientation ({changed})" if changed else ""
    return header, unknown, np.array(stored["pixdim"][1:4], dtype=float)


def _sizes(size: int) -> tuple[bytes, bytes]:
    """Return a header's first four bytes, its size, in both orders of bytes."""
    return size.to_bytes(4, "little"), size.to_bytes(4, "big")


def _check_scaling(name: str, header: Nifti1Header) -> None:
    """Raise InputError for an intercept without a slope: the format and nibabel ignore it, and ITK adds it."""
    slope, intercept = (float(header[field]) for field in ("scl_slope", "scl_inter"))
    if (slope == 0 or not math.isfinite(slope)) and math.isfinite(intercept) and intercept != 0:
        raise InputError(
            f"The header of {name} gives the values an intercept, {intercept:g}, without a slope, and programs differ "
            "in whether they add it; save it again, with a slope of 1 or without an intercept."
        )


def _proxy(stream: IO[bytes], header: Nifti1Header) -> ArrayProxy:
    """Return nibabel's access to the scaled voxels of an open file."""
    from nibabel.arrayproxy import ArrayProxy

    return ArrayProxy(stream, header, mmap=False)


def _affine(
    header: Nifti1Header, shape: tuple[int, ...], pixdim: np.ndarray, scale: float
) -> tuple[np.ndarray | None, str]:
    """Return the affine in mm, if the header has one, and why it cannot be trusted."""
    has_sform, has_qform = (int(header[code]) > 0 for code in _CODES)
    if (pixdim == 0).any():
        has_qform = False
    to_mm = np.diag([scale, scale, scale, 1.0])
    sform = to_mm @ header.get_sform() if has_sform else None
    qform = to_mm @ header.get_qform() if has_qform else None
    if (pixdim < 0).any():
        affine = qform if sform is None else sform
        return affine, f"gives a negative spacing, {_listed(pixdim)}, which some programs take for a mirrored axis"
    if sform is None:
        return qform, ""
    if qform is not None and int(header["sform_code"]) != _SCANNER:
        apart = farthest_apart(sform, qform, shape[:3])
        if not apart <= NEAR_MM:
            return sform, (
                f"gives two positions, by its sform and by its qform, which lie {apart:.3g} mm apart, and programs "
                "differ in which one they take"
            )
    spacing, stored = np.linalg.norm(sform[:3, :3], axis=0), np.abs(pixdim) * scale
    if (pixdim != 0).all() and not (np.abs(stored - spacing) <= _NEAR * spacing).all():
        return sform, f"gives two spacings, {_listed(spacing)} mm by its sform and {_listed(stored)} mm by its pixdim"
    return sform, ""


def farthest_apart(first: np.ndarray, second: np.ndarray, shape: tuple[int, ...]) -> float:
    """Return how far apart, in mm, two affines place a voxel of an array of three dimensions at most."""
    corners = corners_between((0, 0, 0), np.array(shape) - 1)
    return float(np.linalg.norm(apply_affine(first, corners) - apply_affine(second, corners), axis=1).max())


def _listed(values: np.ndarray) -> str:
    return " x ".join(f"{value:.4g}" for value in values)
