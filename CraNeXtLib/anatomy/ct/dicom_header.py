"""The headers of DICOM files: which files are DICOM at all, and typed values that are refused by name.

Patients' names, birth dates and IDs are never read, so no result can contain them.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from pydicom import Dataset, dcmread
from pydicom import Sequence as DicomSequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, MediaStorageDirectoryStorage

from CraNeXtLib.core.errors import InputError, shown

_TAGS = (
    *("SOPClassUID", "SeriesInstanceUID", "SeriesNumber", "SeriesDescription", "Modality"),
    *("AcquisitionDate", "AcquisitionTime", "SeriesDate", "SeriesTime", "StudyDate", "StudyTime"),
    *("ImageType", "NumberOfFrames", "SamplesPerPixel", "Rows", "Columns"),
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "InstanceNumber"),
)
_SUFFIXES = (".dcm", ".dicom", ".ima")
_MOST_DEFLATED_BYTES = 1 << 20
"""Deflated data sets become up to 1032 times as long, and pydicom inflates them as a whole."""


class DamagedHeaderError(Exception):
    """A file is DICOM, but its header cannot be read."""


def read_header(path: Path) -> Dataset | None:
    """Return the elements of a file that tell what it is, or None if it is not DICOM.

    Files without preamble and file meta information, as old scanners and planning systems write them, are DICOM, too.

    Raises:
        DamagedHeaderError: If it is DICOM, but cannot be read.
        InputError: If the operating system refuses to read it.
    """
    try:
        with path.open("rb") as file:
            start = file.read(1024)
            marked = start[128:132] == b"DICM"
            # Without the mark, the data set itself must begin, with group 0002 or 0008.
            if not marked and start[:2] not in (b"\x02\x00", b"\x08\x00"):
                if path.suffix.lower() in _SUFFIXES or not (start.strip(b"\0") or path.suffix):
                    raise DamagedHeaderError(path.name)
                return None
            if DeflatedExplicitVRLittleEndian.encode() in start and path.stat().st_size > _MOST_DEFLATED_BYTES:
                raise DamagedHeaderError(path.name)
            file.seek(0)
            header = parsed(file, only=_TAGS)
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror or error}; check its permissions.") from error
    if header is not None and "SeriesInstanceUID" in header:
        return header
    directory = header is not None and header.file_meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage
    if marked and not directory:
        raise DamagedHeaderError(path.name)
    return None


def parsed(file: BinaryIO, *, only: Sequence[str] = ()) -> Dataset | None:
    """Return the data set in a file, or None if it cannot be read.

    Args:
        file: The file, at its start.
        only: Keywords of the elements to read, without the image; by default all of them, and the image.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Values of a wrong form are judged when they are used.
            dataset = dcmread(file, force=True, stop_before_pixels=bool(only), specific_tags=list(only) or None)
            dataset.file_meta.walk(lambda *_: None)  # converts every value, so that a damaged one fails here
            return dataset
    except OSError:
        raise
    except Exception:  # pydicom raises exceptions of many types for a damaged file
        return None


class HeaderValues:
    """Typed values of a header.

    Args:
        file: Name of the file, for messages.
        sources: Data sets; an attribute comes from the first one that has a value for it.
    """

    def __init__(self, file: str, sources: Sequence[Dataset]) -> None:
        self.file, self._sources = file, sources

    def text(self, keyword: str) -> str:
        """Return a value as text, even if it is not of the form that DICOM demands; empty if there is none."""
        value = self._value(keyword)
        return "" if value is None else str(value).strip()

    def numbers(self, keyword: str, count: int) -> tuple[float, ...]:
        """Return numbers.

        Raises:
            InputError: If there is no value, or it does not consist of so many finite numbers.
        """
        value = self._value(keyword)
        if value is None:
            raise InputError(f"{self.file} has no {keyword}; export the series again.")
        try:
            found = tuple(float(item) for item in (value if isinstance(value, Sequence | tuple) else (value,)))
        except (TypeError, ValueError, OverflowError):
            found = ()
        if isinstance(value, str | bytes) or len(found) != count or not all(map(math.isfinite, found)):
            wanted = "a number" if count == 1 else f"{count} numbers"
            raise InputError(f"{keyword} of {self.file} is {shown(value)}, not {wanted}; export the series again.")
        return found

    def number(self, keyword: str, low: float, high: float, *, default: float | None = None) -> float:
        """Return a number in a range.

        Args:
            keyword: The attribute.
            low: Its lowest value.
            high: Its highest value.
            default: What it is if there is none.

        Raises:
            InputError: If it is no number or out of range, or there is neither value nor default.
        """
        if default is not None and self._value(keyword) is None:
            return float(default)
        (number,) = self.numbers(keyword, 1)
        if not low <= number <= high:
            raise InputError(
                f"{keyword} of {self.file} is {number:g}, but must lie between {low:g} and {high:g}; export the "
                "series again."
            )
        return number

    def whole(self, keyword: str, low: int, high: int, *, default: int | None = None) -> int:
        """Return a whole number in a range; see :meth:`number`."""
        number = self.number(keyword, low, high, default=default)
        if number != int(number):
            raise InputError(f"{keyword} of {self.file} is {number:g}, not a whole number; export the series again.")
        return int(number)

    def items(self, keyword: str) -> list[Dataset]:
        """Return the items of a sequence; none if there is no sequence of that name."""
        value = self._value(keyword)
        return list(value) if isinstance(value, DicomSequence) else []

    def _value(self, keyword: str) -> Any:
        """Return the value of the first source that has one; the stored text if pydicom cannot convert it."""
        for source in self._sources:
            if keyword not in source:
                continue
            raw = source.get_item(keyword)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    value = source[keyword].value
            except Exception:  # pydicom raises exceptions of many types for a value of a wrong form
                value = raw.value.decode("latin-1").strip(" \0") if raw and isinstance(raw.value, bytes) else repr(raw)
            if value is not None and value not in ("", b"") and not (isinstance(value, Sequence) and not len(value)):
                return value
        return None
