"""Finding CT series among DICOM files.

The files are read with pydicom, the standard library for it, which is pure Python and part of Slicer, too. highdicom's
``get_volume_from_series`` was considered, but it refuses a tilted gantry and uneven slices, which head CTs do have.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, LegacyConvertedEnhancedCTImageStorage

from CraNeXtLib.anatomy.ct.dicom_header import DamagedHeaderError, HeaderValues, read_header
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.reading import file_size

LEAST_SLICES = 10
"""A series of fewer slices is a scout or a dose report."""
_CT_CLASSES = (CTImageStorage, EnhancedCTImageStorage, LegacyConvertedEnhancedCTImageStorage)
_LEAST_UID_TAIL = 6  # Digits at the end of a UID that are shown, more if two series share them.


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
        time: Date and time of acquisition, such as ``"2026-11-30 06:35"``; empty if unknown.
        left_out: Names of files beside them that may belong to the series: damaged DICOM files, few images of the same
            number and description with another UID, and files that are no DICOM although they are named like it.
        others: Headers of the other images that belong to no series, such as scouts and few images of another series.
    """

    uid: str
    number: str
    description: str
    modality: str
    files: tuple[Path, ...]
    slices: int
    time: str = ""
    left_out: tuple[str, ...] = ()
    others: tuple[HeaderValues, ...] = ()

    @property
    def name(self) -> str:
        """Number and description, for messages."""
        return self._name("")

    def named_apart(self, others: Sequence[Series]) -> str:
        """Return the name, with what tells the series from others of equal number and description."""
        if not any((s.number, s.description) == (self.number, self.description) for s in others if s is not self):
            return self.name
        tails = (self.uid[-n:] for n in range(_LEAST_UID_TAIL, len(self.uid)))
        tail = next((t for t in tails if sum(s.uid.endswith(t) for s in others) == 1), self.uid)
        return self._name(f", {self.time}, UID …{tail}" if self.time else f", UID …{tail}")

    def _name(self, more: str) -> str:
        return f"{self.number or self.uid} ({self.description or 'no description'}, {self.slices} slices{more})"


@dataclass
class _Found:
    """What is known of a series while its folder is searched."""

    headers: list[HeaderValues] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    slices: int = 0
    modalities: Counter[str] = field(default_factory=Counter)


def find_series(path: Path, *, series: str | None = None) -> Series:
    """Return the CT series in a folder and its subfolders, or the series that a file belongs to.

    Args:
        path: The folder, or one DICOM file.
        series: Number, description, UID, end of the UID, or date and time of the series if there are several.

    Raises:
        InputError: If there is no CT series, or there are several and none is chosen.
    """
    if not path.is_dir():
        series, path = series or _series_of(path), path.parent
    everything = list_series(path)
    if not everything:
        raise InputError(f"{path} contains no DICOM images; choose the folder of a CT series.")
    found = [s for s in everything if s.modality == "CT" and s.slices >= LEAST_SLICES]
    if not found:
        kinds = ", ".join(f"{s.modality or 'unknown'}, {s.slices} slices" for s in everything[:6])
        raise InputError(f"{path} contains no CT series of at least {LEAST_SLICES} slices, only: {kinds}.")
    chosen = found if series is None else _chosen(found, series)
    if not chosen:
        known = "; ".join(s.named_apart(found) for s in found)
        raise InputError(f"There is no CT series '{series}'; choose one with --series: {known}.")
    if len(chosen) > 1:
        names = [s.named_apart(chosen) for s in chosen]
        by = "its number, or the end of its UID," if any("UID …" in name for name in names) else "its number"
        raise InputError(f"There are {len(chosen)} CT series; choose one by {by} with --series: {'; '.join(names)}.")
    (one,) = chosen
    few = [s for s in everything if s.slices < LEAST_SLICES and s.modality == one.modality]
    strays = [s for s in few if (s.number, s.description) == (one.number, one.description)]
    return replace(one, left_out=one.left_out + tuple(file.name for s in strays for file in s.files))


def list_series(folder: Path) -> list[Series]:
    """Return the series of images in a folder and its subfolders, without scouts, in the order of their numbers.

    Structures, plans and doses of the same series are listed apart, by their modality, and reports not at all.

    Raises:
        InputError: If the operating system refuses to read a file.
    """
    found: dict[tuple[str, str], _Found] = {}
    damaged: list[str] = []
    foreign: list[Path] = []
    passed_over: list[HeaderValues] = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        try:
            header = read_header(path)
        except DamagedHeaderError:
            damaged.append(path.name)
            continue
        if header is None:
            foreign.append(path)
            continue
        values = HeaderValues(path.name, [header])
        if _is_report(values) or "LOCALIZER" in values.text("ImageType"):
            passed_over.append(values)
            continue
        # Whatever claims to be a CT image is one, so that no slice with another modality is lost.
        modality = values.text("Modality") or "CT"
        is_ct = values.text("SOPClassUID") in _CT_CLASSES
        key = (values.text("SeriesInstanceUID"), "CT" if is_ct else modality)
        series = found.setdefault(key, _Found())
        series.headers.append(values)
        series.files.append(path)
        series.modalities[modality] += 1
        frames = values.text("NumberOfFrames")  # A wrong number is refused if the series is read.
        series.slices += int(frames) if re.fullmatch(r"\d{1,6}", frames) else 1
    for few in (series for series in found.values() if series.slices < LEAST_SLICES):
        passed_over += few.headers
        damaged += [header.file for header in few.headers if _is_broken_slice(header)]
    listed = [
        Series(
            uid=uid,
            number=series.headers[0].text("SeriesNumber"),
            description=series.headers[0].text("SeriesDescription"),
            modality=series.modalities.most_common(1)[0][0],
            files=tuple(series.files),
            slices=series.slices,
            time=_time(series.headers[0]),
            left_out=(*damaged, *_named_alike(foreign, series.files)),
            others=tuple(passed_over),
        )
        for (uid, _), series in found.items()
    ]
    return sorted(listed, key=lambda s: (int(s.number) if re.fullmatch(r"\d{1,12}", s.number) else 0, s.time, s.uid))


def _named_alike(foreign: Sequence[Path], files: Sequence[Path]) -> list[str]:
    """Return the names of the files that are no DICOM, but stand beside those of a series and are named like them."""
    patterns = {(path.parent, _name_pattern(path)) for path in files}
    return [path.name for path in foreign if (path.parent, _name_pattern(path)) in patterns]


def _name_pattern(path: Path) -> str:
    """Return a file's name without what counts the files of a folder: numbers, UIDs and hexadecimal hashes."""
    return re.sub(r"[0-9a-fA-F]+", "#", path.name)


def _series_of(path: Path) -> str:
    """Return the UID of the series that a file belongs to."""
    file_size(path)
    try:
        header = read_header(path)
    except DamagedHeaderError as error:
        raise InputError(f"{path.name} is damaged; export the series again.") from error
    if header is None:
        raise InputError(f"{path.name} is not a DICOM, .nrrd, .nii(.gz) or .mha file; choose a CT in one of them.")
    values = HeaderValues(path.name, [header])
    if values.text("Modality") == "SEG":
        raise InputError(f"{path.name} is a segmentation, not a CT; leave out --ct.")
    return values.text("SeriesInstanceUID")


def _chosen(found: Sequence[Series], wanted: str) -> list[Series]:
    """Return the series that a text names, by the first kind of name that fits any."""
    ways = (
        [s for s in found if wanted in (s.number, s.uid)],
        [s for s in found if wanted.lower() == s.description.lower()],
        [s for s in found if s.time and wanted in (s.time, s.time[:10])],
        [s for s in found if len(wanted) >= 4 and s.uid.endswith(wanted.lstrip("…"))],
    )
    return next((way for way in ways if way), [])


def _is_report(values: HeaderValues) -> bool:
    """Return whether an image of a CT's series shows text, as dose reports do, and not a slice.

    What claims to be a slice stays, so that one without size or position is refused by name when the series is read.
    """
    kind, has_place = values.text("SOPClassUID"), values.text("ImagePositionPatient") != ""
    if kind in _CT_CLASSES:
        secondary = "SECONDARY" in values.text("ImageType") and values.text("Rows") != ""
        return kind == CTImageStorage and secondary and not has_place
    return values.text("SamplesPerPixel") not in ("", "1") or (not has_place and values.text("Modality") in ("", "CT"))


def _is_broken_slice(values: HeaderValues) -> bool:
    """Return whether an image claims to be a slice, but does not say where it lies."""
    return values.text("SOPClassUID") == CTImageStorage and values.text("ImagePositionPatient") == ""


def _time(values: HeaderValues) -> str:
    """Return date and time of a series, such as ``"2026-11-30 06:35"``; empty if its header has none."""
    for kind in ("Acquisition", "Series", "Study"):
        date = re.fullmatch(r"(\d{4})(\d\d)(\d\d)", values.text(f"{kind}Date"))
        if date:
            time = re.match(r"(\d\d)(\d\d)", values.text(f"{kind}Time"))
            return "-".join(date.groups()) + (f" {time[1]}:{time[2]}" if time else "")
    return ""
