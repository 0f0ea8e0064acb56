"""What DICOM objects of a case take over from the CT series that they belong to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom import Dataset

from CraNeXtLib.anatomy.ct.dicom_header import parsed
from CraNeXtLib.anatomy.ct.dicom_series import Series
from CraNeXtLib.core.errors import InputError

_STUDY = ("StudyInstanceUID", "StudyDate", "StudyTime")
_PATIENT = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyID", "AccessionNumber"),
    *("ReferringPhysicianName", "IssuerOfPatientID", "StudyDescription"),
)
_IMAGE = (
    *("FrameOfReferenceUID", "PositionReferenceIndicator"),
    *("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "Modality", "ImageType", "Rows", "Columns"),
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "NumberOfFrames"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    *("DimensionOrganizationSequence", "DimensionIndexSequence"),
)


_NEEDED = ("StudyInstanceUID", "FrameOfReferenceUID")
_MAY_BE_EMPTY = ("StudyDate", "StudyTime", *_PATIENT[:7])  # but must be there


@dataclass(frozen=True, eq=False)
class SourceSeries:
    """The series of a CT, as other objects of its study need it.

    Attributes:
        study: Patient and study.
        images: The same for each image, with its identity and geometry, but without pixels.
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
        study = _copied(headers[0], (*_STUDY, *(_PATIENT if patient else ())))
        for keyword in _NEEDED:
            if not headers[0].get(keyword):
                raise InputError(f"{series.files[0].name} has no {keyword}; export the series again.")
        for keyword in _MAY_BE_EMPTY:
            study.setdefault(keyword, "")
        if not patient:
            study.PatientID = case_id[:64]
        study.PatientName, study.ReferringPhysicianName = str(study.PatientName), str(study.ReferringPhysicianName)
        study.SpecificCharacterSet = "ISO_IR 192"
        images = [_copied(header, _IMAGE) for header in _parallel(headers)]
        for image in images:
            image.update(study)
            image.setdefault("PositionReferenceIndicator", "")
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
        header = parsed(file, only=("SpecificCharacterSet", *_STUDY, *_PATIENT, *_IMAGE))
    if header is None:
        raise InputError(f"{path.name} is damaged; export the series again.")
    return header


def _copied(source: Dataset, keywords: Iterable[str]) -> Dataset:
    copied = Dataset()
    for keyword in keywords:
        if keyword in source:
            copied.add(source[keyword])
    return copied


def _parallel(headers: list[Dataset]) -> list[Dataset]:
    """Leave out images that cross the others, as a scout of the same series does."""
    directions = [str(header.get("ImageOrientationPatient")) for header in headers]
    usual = Counter(directions).most_common(1)[0][0]
    return [header for header, direction in zip(headers, directions, strict=True) if direction == usual]
