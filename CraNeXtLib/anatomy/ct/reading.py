"""Reading a CT from a DICOM series or a volume file."""

from __future__ import annotations

import hashlib
from pathlib import Path

from CraNeXtLib.anatomy.ct.scan import CTScan
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.hashing import content_hash, sha256_of
from CraNeXtLib.geometry.volume_files import input_hash, is_volume_file, read_volume, volume_hash


def read_ct(path: str | Path, *, series: str | None = None, orientation: str | None = None) -> CTScan:
    """Read a CT.

    Args:
        path: Folder of a DICOM series, one of its files, or a volume file, such as ``.nrrd``, ``.nii.gz`` or ``.mha``.
        series: Number, description, end of the UID or date of the DICOM series to read if there are several.
        orientation: Directions of the array axes, such as ``"LPS"``, for a volume file whose header lacks them.

    Raises:
        InputError: If it cannot be read, is not a CT, or contains several series and none is chosen.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"There is no file or folder {path}; check the path.")
    if is_volume_file(path):
        if series is not None:
            raise InputError(f"{path.name} is not a DICOM series; leave out --series.")
        return CTScan(read_volume(path, orientation=orientation), path.name, volume_hash(path))
    if orientation is not None:
        raise InputError("DICOM files contain their orientation; leave out --orientation.")
    # Only DICOM needs pydicom, so the other files can be read without it.
    from CraNeXtLib.anatomy.ct.dicom_series import find_series
    from CraNeXtLib.anatomy.ct.dicom_slices import read_slices

    return read_slices(find_series(path, series=series))


def ct_hash(path: Path, *, series: str | None = None) -> str:
    """Return the hash of what :func:`read_ct` reads: of a DICOM series its own files, whatever else is in the folder.

    Where no series can be told, it is the hash of the whole folder, so that whatever changes is noticed.
    """
    if is_volume_file(path) or not path.exists():
        return input_hash(path)
    try:
        from CraNeXtLib.anatomy.ct.dicom_series import find_series

        hashes = sorted(sha256_of(file) for file in find_series(path, series=series).files)
    except (InputError, ImportError, OSError):  # reading the case will report it
        return content_hash(path.parent if path.is_file() else path)
    return hashlib.sha256("".join(hashes).encode()).hexdigest()
