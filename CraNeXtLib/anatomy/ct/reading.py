"""Reading a CT from a DICOM series, a NIfTI file or an NRRD file."""

from __future__ import annotations

from pathlib import Path

from CraNeXtLib.anatomy.ct.scan import CTScan
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume_files import is_volume_file, read_volume, volume_hash


def read_ct(path: str | Path, *, series: str | None = None, orientation: str | None = None) -> CTScan:
    """Read a CT.

    Args:
        path: Folder of a DICOM series, one of its files, or a ``.nrrd``, ``.nhdr``, ``.nii`` or ``.nii.gz`` file.
        series: Number, description, end of the UID or date of the DICOM series to read if there are several.
        orientation: Directions of the array axes, such as ``"LPS"``, for a NIfTI or NRRD file whose header lacks them.

    Raises:
        InputError: If it cannot be read, is not a CT, or contains several series and none is chosen.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"There is no file or folder {path}; check the path.")
    if is_volume_file(path):
        if series is not None:
            raise InputError(f"{path.name} is not a DICOM series; leave out --series.")
        return CTScan(read_volume(path, orientation=orientation), str(path), volume_hash(path))
    if orientation is not None:
        raise InputError("DICOM files contain their orientation; leave out --orientation.")
    # Only DICOM needs pydicom, so the other files can be read without it.
    from CraNeXtLib.anatomy.ct.dicom_series import find_series
    from CraNeXtLib.anatomy.ct.dicom_slices import read_slices

    return read_slices(find_series(path, series=series))
