"""What DICOM objects of a case take over from the CT series that they belong to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom import Dataset

from CraNeXtLib.anatomy.ct.dicom_header import HeaderValues, parsed
from CraNeXtLib.anatomy.ct.dicom_series import Series
from CraNeXtLib.core.errors import InputError

_NEEDED = ("StudyInstanceUID", "FrameOfReferenceUID")
_PATIENT = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyID", "AccessionNumber", "ReferringPhysicianName"),
)
"""Who the patient is, and what leads there; every object has them, perhaps empty."""
_PATIENT_IF_GIVEN = ("IssuerOfPatientID", "StudyDescription")
_IMAGE = (
    *("StudyInstanceUID", "FrameOfReferenceUID", "PositionReferenceIndicator"),
    *("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "Modality", "ImageType", "Rows", "Columns"),
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "NumberOfFrames"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    *("DimensionOrganizationSequence", "DimensionIndexSequence"),
)
_DATE, _TIME = re.compile(r"(\d{4})\.?(\d\d)\.?(\d\d)"), re.compile(r"(\d\d):?(\d\d):?(\d\d)(\.\d{1,6})?")
"""Dates and times, also as DICOM's predecessor wrote them."""


@dataclass(frozen=True, eq=False)
class SourceSeries:
    """The series of a CT, as other objects of its study need it.

    Attributes:
        study: Patient and study.
        images: Identity and geometry of each image, without pixels and without the patient.
    """

    study: Dataset
    images: tuple[Dataset, ...]

    @classmethod
    def of(cls, series: Series, *, case_id: str, patient: bool) -> SourceSeries:
        """Read the headers of a series whose slices can be read.

        Args:
            series: The series.
            case_id: ID of the case, which stands for the patient's.
            patient: Whether to take over who the patient is and which numbers the study has, instead.

        Raises:
            InputError: If an element is missing that every object of a study needs.
        """
        headers = [_header(path) for path in series.files]
        first = HeaderValues(series.files[0].name, headers[:1])
        for keyword in _NEEDED:
            if not first.text(keyword):
                raise InputError(f"{first.file} has no {keyword}; export the series again.")
        study = Dataset()
        study.SpecificCharacterSet, study.StudyInstanceUID = "ISO_IR 192", first.text("StudyInstanceUID")
        study.StudyDate, study.StudyTime = (
            _joined(_DATE, first.text("StudyDate")),
            _joined(_TIME, first.text("StudyTime")),
        )
        for keyword in (*_PATIENT, *filter(first.text, _PATIENT_IF_GIVEN if patient else ())):
            setattr(study, keyword, first.text(keyword) if patient else "")
        study.PatientBirthDate = _joined(_DATE, study.PatientBirthDate)
        if not patient:
            study.PatientID = case_id.replace("\\", "/")[:64]
        images = [_copied(header, _IMAGE) for header in _parallel(headers)]
        for image in images:
            for keyword in ("PositionReferenceIndicator", "StudyDate", "StudyTime", *_PATIENT):
                image.setdefault(keyword, "")
        return cls(study, tuple(images))

    def references(self) -> list[Dataset]:
        """Return an item for each image that refers to it."""
        return [reference_to(image) for image in self.images]

    def positions(self) -> np.ndarray:
        """Return the center of the first pixel of each slice, LPS mm, shape (N, 3)."""
        frames = [frame for image in self.images for frame in image.get("PerFrameFunctionalGroupsSequence", [])]
        places = [frame.PlanePositionSequence[0] for frame in frames] or self.images
        return np.array([place.ImagePositionPatient for place in places], float)


def reference_to(image: Dataset) -> Dataset:
    """Return an item of a sequence that refers to an object."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
    return item


def _header(path: Path) -> Dataset:
    with path.open("rb") as file:
        header = parsed(
            file, only=("SpecificCharacterSet", "StudyDate", "StudyTime", *_PATIENT, *_PATIENT_IF_GIVEN, *_IMAGE)
        )
    if header is None:
        raise InputError(f"{path.name} is damaged; export the series again.")
    return header


def _copied(source: Dataset, keywords: Iterable[str]) -> Dataset:
    copied = Dataset()
    for keyword in keywords:
        if keyword in source:
            copied.add(source[keyword])
    return copied


def _joined(pattern: re.Pattern[str], text: str) -> str:
    """Return a date or time as DICOM writes it; empty if it is none."""
    found = pattern.fullmatch(text)
    return "".join(part or "" for part in found.groups()) if found else ""


def _parallel(headers: list[Dataset]) -> list[Dataset]:
    """Leave out images that cross the others, as a scout of the same series does."""
    directions = [str(header.get("ImageOrientationPatient")) for header in headers]
    usual = Counter(directions).most_common(1)[0][0]
    return [header for header, direction in zip(headers, directions, strict=True) if direction == usual]
