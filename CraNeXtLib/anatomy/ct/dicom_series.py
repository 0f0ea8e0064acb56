"""Finding CT series among DICOM files.

The files are read with pydicom, the standard library for it, which is pure Python and part of Slicer, too. highdicom's
``get_volume_from_series`` was considered, but it refuses a tilted gantry and uneven slices, which head CTs do have.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.errors import InvalidDicomError

from CraNeXtLib.core.errors import InputError

_LEAST_SLICES = 10  # A series of fewer slices is a scout or a dose report.
# Only these elements are read. Patients' names, birth dates and IDs are not among them, so no result can contain them.
_TAGS = ("SeriesInstanceUID", "SeriesNumber", "SeriesDescription", "Modality", "ImageType", "NumberOfFrames")


@dataclass(frozen=True)
class Series:
    """The files of one series.

    Attributes:
        uid: SeriesInstanceUID.
        number: Number in the study; empty if there is none.
        description: The scanner's description, such as ``"Head 0.6 bone"``.
        modality: ``"CT"`` or another modality.
        files: Paths of the files, in no particular order.
        slices: Number of slices.
    """

    uid: str
    number: str
    description: str
    modality: str
    files: tuple[Path, ...]
    slices: int

    @property
    def name(self) -> str:
        """Number and description, for messages."""
        return f"{self.number or self.uid} ({self.description or 'no description'}, {self.slices} slices)"


def find_series(path: Path, *, series: str | None = None) -> Series:
    """Return the CT series in a folder and its subfolders, or the series that a file belongs to.

    Args:
        path: The folder, or one DICOM file.
        series: Number, description or UID of the series if there are several.

    Raises:
        InputError: If there is no CT series, or there are several and none is chosen.
    """
    if path.is_file():
        header = _header(path)
        if header is None:
            raise InputError(f"{path.name} is not a DICOM, .nrrd or .nii(.gz) file; choose a CT in one of them.")
        path, series = path.parent, series or header.get("SeriesInstanceUID")
    everything = list_series(path)
    if not everything:
        raise InputError(f"{path} contains no DICOM images; choose the folder of a CT series.")
    found = [s for s in everything if s.modality == "CT" and s.slices >= _LEAST_SLICES]
    if not found:
        kinds = ", ".join(f"{s.modality or 'unknown'}, {s.slices} slices" for s in everything[:6])
        raise InputError(f"{path} contains no CT series of at least {_LEAST_SLICES} slices, only: {kinds}.")
    names = "; ".join(s.name for s in found)
    if series is not None:
        wanted = [s for s in found if series in (s.number, s.uid)]
        wanted = wanted or [s for s in found if series.lower() == s.description.lower()]
        if not wanted:
            raise InputError(f"There is no CT series '{series}'; choose one with --series: {names}.")
        found = wanted
    if len(found) > 1:
        raise InputError(f"There are {len(found)} CT series; choose one by its number with --series: {names}.")
    return found[0]


def list_series(folder: Path) -> list[Series]:
    """Return the series of images in a folder and its subfolders, without scouts, in the order of their numbers."""
    headers: dict[str, Dataset] = {}
    files: dict[str, list[Path]] = defaultdict(list)
    slices: dict[str, int] = defaultdict(int)
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        header = _header(path)
        if header is None or "SeriesInstanceUID" not in header or "LOCALIZER" in header.get("ImageType", ()):
            continue
        uid = str(header.SeriesInstanceUID)
        headers.setdefault(uid, header)
        files[uid].append(path)
        slices[uid] += int(header.get("NumberOfFrames") or 1)
    found = [
        Series(
            uid=uid,
            number=str(header.get("SeriesNumber", None) or ""),
            description=str(header.get("SeriesDescription", None) or ""),
            modality=str(header.get("Modality", None) or ""),
            files=tuple(files[uid]),
            slices=slices[uid],
        )
        for uid, header in headers.items()
    ]
    return sorted(found, key=lambda s: (int(s.number or 0), s.uid))


def _header(path: Path) -> Dataset | None:
    """Return the elements in ``_TAGS``, or None if the file is not DICOM."""
    try:
        return dcmread(path, stop_before_pixels=True, specific_tags=list(_TAGS))
    except (InvalidDicomError, EOFError, OSError, ValueError):
        return None
