"""The files that can be opened: those in the folder the application was started with, and what was uploaded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from CraNeXtLib.anatomy.ct.quality import check_hounsfield
from CraNeXtLib.anatomy.ct.reading import read_ct
from CraNeXtLib.anatomy.head.mask_reading import read_skull
from CraNeXtLib.cases.released_folder import RELEASE_FILE
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh_formats.mesh_names import is_mesh_name
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import is_volume_file, read_volume

_DICOM_MARK = b"DICM"  # after 128 bytes (DICOM PS3.10, 7.1)
_DEEPEST = 2
_MOST = 500


@dataclass(frozen=True, eq=False)
class OpenedFile:
    """What a file holds.

    Attributes:
        volume: Mask of a skull, or a CT in Hounsfield units.
        is_ct: Whether it is a CT.
        is_dicom: Whether it is a CT of DICOM images.
        warnings: Warnings, one sentence each.
    """

    volume: Volume
    is_ct: bool
    is_dicom: bool = False
    warnings: tuple[str, ...] = ()


def list_files(folder: Path) -> list[str]:
    """Return the volumes, meshes and folders with DICOM files in a folder and its subfolders, relative to it."""
    found = sorted(path.relative_to(folder).as_posix() for path in _usable(folder, _DEEPEST))
    return found[:_MOST]


def list_released(folder: Path) -> list[str]:
    """Return the released cases in a folder and its subfolders, relative to it."""
    releases = [path for depth in range(_DEEPEST + 2) for path in folder.glob("*/" * depth + RELEASE_FILE)]
    return sorted(path.parent.relative_to(folder).as_posix() for path in releases)[:_MOST]


def chosen_file(folder: Path, name: str) -> Path:
    """Return the path of a listed file.

    Raises:
        InputError: If it is not in the folder.
    """
    path = (folder / name).resolve()
    if not name or not path.is_relative_to(folder.resolve()) or not path.exists():
        raise InputError("Choose a file of the list.")
    return path


def open_file(path: Path, part: str = "") -> OpenedFile:
    """Read a skull or a CT. A folder, DICOM images, and a volume with values below 0 are a CT.

    Args:
        path: The file or folder.
        part: Segment of a mask or series of a CT, if there are several; empty for the only one.

    Raises:
        InputError: If it cannot be used.
    """
    if path.is_dir() or (_is_dicom(path) and not is_volume_file(path)):
        scan = read_ct(path, series=part or None)
        return OpenedFile(scan.volume, True, True, (*scan.warnings, *check_hounsfield(scan.volume)))
    if is_volume_file(path) and not part:
        volume = read_volume(path)
        if volume.voxels.min() < 0:
            return OpenedFile(volume, True, warnings=tuple(check_hounsfield(volume)))
    skull = read_skull(path, segment=part or None)
    return OpenedFile(skull.mask, False, warnings=tuple(skull.warnings))


def _usable(folder: Path, depth: int) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            if _holds_dicom(path):
                yield path
            elif depth:
                yield from _usable(path, depth - 1)
        elif is_volume_file(path) or is_mesh_name(path.name):
            yield path


def _holds_dicom(folder: Path) -> bool:
    files = [path for path in folder.iterdir() if path.is_file()]
    return bool(files) and _is_dicom(files[0])


def _is_dicom(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        file.seek(128)
        return file.read(4) == _DICOM_MARK
