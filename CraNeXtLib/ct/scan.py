"""A CT as it was read, from a DICOM series, NIfTI or NRRD."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from CraNeXtLib.errors import InputError
from CraNeXtLib.models import sha256_of
from CraNeXtLib.volume_files import is_volume_file, read_volume
from CraNeXtLib.volumes import Volume


@dataclass(frozen=True, eq=False)
class CTScan:
    """A CT in Hounsfield units.

    Attributes:
        volume: The values, shape (I, J, K).
        path: The file; or, of a DICOM series, its number alone: the folder's name may be the patient's.
        sha256: Of the file, or of the files of the series in the order of the slices.
        details: What DICOM says about the scan, for ``result.json``; nothing about the patient. Empty for a file.
        warnings: What was changed while reading, as sentences.
    """

    volume: Volume
    path: str
    sha256: str
    details: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def read_ct(path: str | Path, *, series: str | None = None, orientation: str | None = None) -> CTScan:
    """Read a CT.

    Args:
        path: Folder of a DICOM series, one of its files, or a ``.nrrd``, ``.nhdr``, ``.nii`` or ``.nii.gz`` file.
        series: Number, description or UID of the DICOM series to read, where there are several.
        orientation: Directions of the array axes, such as ``"LPS"``, for a NIfTI or NRRD file whose header lacks them.

    Raises:
        InputError: If it cannot be read, is no CT, or holds several series and none is chosen.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"There is no file or folder {path}; check the path.")
    if is_volume_file(path):
        if series is not None:
            raise InputError(f"{path.name} holds no DICOM series; leave out --series.")
        return CTScan(read_volume(path, orientation=orientation), str(path), sha256_of(path))
    if orientation is not None:
        raise InputError("DICOM says how the head lies; leave out --orientation.")
    from CraNeXtLib.ct.dicom_series import find_series
    from CraNeXtLib.ct.dicom_slices import read_slices

    return read_slices(find_series(path, series=series))
