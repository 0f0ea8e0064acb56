"""Finding CT series among DICOM files.

Read with pydicom: the standard library for it, pure Python, and part of Slicer too. highdicom's
``get_volume_from_series`` was looked at; it refuses a tilted gantry and uneven slices, which head CTs do have.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.errors import InvalidDicomError

from CraNeXtLib.core.errors import InputError

LEAST_SLICES = 10  # fewer are a scout or a picture of the dose
# Names, birth dates and numbers of patients are not among them: what is never read cannot get into a result.
TAGS = ("SeriesInstanceUID", "SeriesNumber", "SeriesDescription", "Modality", "ImageType", "NumberOfFrames")


@dataclass(frozen=True)
class Series:
    """The files of one series.

    Attributes:
        uid: Its SeriesInstanceUID.
        number: Its number in the study; empty if it has none.
        description: What the scanner calls it, such as ``"Head 0.6 bone"``.
        modality: ``"CT"`` or another.
        files: In no order.
        slices: How many there are.
    """

    uid: str
    number: str
    description: str
    modality: str
    files: tuple[Path, ...]
    slices: int

    @property
    def name(self) -> str:
        """Number and description, as a person would know it."""
        return f"{self.number or self.uid} ({self.description or 'no description'}, {self.slices} slices)"


def find_series(path: Path, *, series: str | None = None) -> Series:
    """Return the CT series in a folder and its sub-folders, or that which a file belongs to.

    Args:
        path: The folder, or one DICOM file.
        series: Number, description or UID of the wanted one, where there are several.

    Raises:
        InputError: If there is no CT, or several and none is chosen.
    """
    if path.is_file():
        header = _header(path)
        if header is None:
            raise InputError(f"{path.name} is neither DICOM nor .nrrd or .nii(.gz); give a CT in one of these formats.")
        path, series = path.parent, series or header.get("SeriesInstanceUID")
    everything = list_series(path)
    if not everything:
        raise InputError(f"{path} holds no DICOM images; give the folder of a CT series.")
    found = [s for s in everything if s.modality == "CT" and s.slices >= LEAST_SLICES]
    if not found:
        kinds = ", ".join(f"{s.modality or 'unknown'}, {s.slices} slices" for s in everything[:6])
        raise InputError(f"{path} holds no CT series of {LEAST_SLICES} slices or more, only: {kinds}.")
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
    """Return the series of images in a folder and its sub-folders, scouts left out, in the order of their numbers."""
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
    """Return the few elements we need, or None if the file is not DICOM."""
    try:
        return dcmread(path, stop_before_pixels=True, specific_tags=list(TAGS))
    except (InvalidDicomError, EOFError, OSError, ValueError):
        return None
