"""The DICOM objects of a case: a segmentation, an encapsulated STL and an encapsulated PDF.

They hold no time but the study's, and their UIDs are hashes of their content: the same case gives the same files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from io import BytesIO
from uuid import UUID

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import EncapsulatedPDFStorage, EncapsulatedSTLStorage, ExplicitVRLittleEndian

from CraNeXtLib.cases.archive.source_series import SourceSeries
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE, __version__
from CraNeXtLib.geometry.volume import Volume

_PRODUCT, _SERIAL_NUMBER = "CraNeXt", "none"
_SEGMENTATION_NUMBER, _STL_NUMBER, _PDF_NUMBER = 9001, 9002, 9003  # of the series in the study
_UNKNOWN_DATE, _UNKNOWN_TIME = "19000101", "000000"  # where a segmentation must have one
_MOST_OFFSET_MM = 0.1
_LATER_UID = "2.25.0"
_STL_HEADER_BYTES = 80
_STL_TRIANGLE = np.dtype([("points", "<f4", (4, 3)), ("unused", "<u2")])  # the first point is the normal
_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def segmentation(masks: Mapping[str, Volume], source: SourceSeries) -> bytes:
    """Return a file of a DICOM segmentation with one segment for each mask.

    Args:
        masks: Masks of one geometry, of type bool, by the segments' names.
        source: The series of the CT. On the grid of its slices, each frame refers to its slice.
    """
    import highdicom

    grid = next(iter(masks.values()))
    voxels = np.stack([mask.voxels for mask in masks.values()], axis=-1).transpose(2, 1, 0, 3).astype(np.uint8)
    algorithm = highdicom.AlgorithmIdentificationSequence(_PRODUCT, codes.DCM.ArtificialIntelligence, __version__)
    # Of several enhanced CTs, highdicom refers to the frames of only one.
    count = 1 if source.images[0].get("NumberOfFrames", 1) > 1 else len(source.images)
    made: Dataset = highdicom.seg.Segmentation(
        source_images=source.images[:count],
        further_source_images=source.images[count:],
        pixel_array=highdicom.Volume(
            voxels,
            (_TO_LPS @ grid.affine)[:, [2, 1, 0, 3]],
            coordinate_system="PATIENT",
            frame_of_reference_uid=source.images[0].FrameOfReferenceUID,
            channels={"SegmentNumber": range(1, 1 + len(masks))},
        ),
        segmentation_type="BINARY",
        segment_descriptions=[
            highdicom.seg.SegmentDescription(
                number, name, codes.SCT.PhysicalObject, codes.SCT.Implant, "SEMIAUTOMATIC", algorithm
            )
            for number, name in enumerate(masks, 1)
        ],
        series_instance_uid=_LATER_UID,
        series_number=_SEGMENTATION_NUMBER,
        sop_instance_uid=_LATER_UID,
        instance_number=1,
        manufacturer=_PRODUCT,
        manufacturer_model_name=_PRODUCT,
        software_versions=__version__,
        device_serial_number=_SERIAL_NUMBER,
        content_label="IMPLANT",
    )
    if not _has_slices_of(grid, source):
        for frame in made.PerFrameFunctionalGroupsSequence:
            frame.DerivationImageSequence = []
    made.update(source.study)
    for keyword in ("InstanceCreationDate", "InstanceCreationTime"):
        del made[keyword]
    for library in made.ContributingEquipmentSequence:
        del library.ContributionDateTime
    for item in (*made.DimensionOrganizationSequence, *made.DimensionIndexSequence):
        item.DimensionOrganizationUID = _uid("dimensions", made.StudyInstanceUID)
    made.ContentDate, made.ContentTime = made.StudyDate or _UNKNOWN_DATE, made.StudyTime or _UNKNOWN_TIME
    made.SeriesDescription = _description("Implant")
    return _file(made)


def _has_slices_of(grid: Volume, source: SourceSeries) -> bool:
    """Return whether the slices of a series are planes of a grid, pixel on pixel.

    highdicom takes a gantry that is tilted by less than 2.6 degrees for a straight one, and would refer to slices that
    are shifted against the frames; viewers draw the frames on the slices that they refer to.
    """
    indices = grid.to_indices(source.positions() @ _TO_LPS[:3, :3])
    nearest = np.rint(indices)
    off_mm = np.abs(indices - nearest) * grid.spacing
    return bool(off_mm.max() < _MOST_OFFSET_MM and not np.ptp(nearest[:, :2], axis=0).any())


def encapsulated_stl(stl: bytes, source: SourceSeries, *, title: str, burned_in: bool) -> bytes:
    """Return a file of an STL in millimeters, in the CT's frame of reference (DICOM PS3.3, A.85.1).

    Args:
        stl: A binary STL whose header states ``SPACE=RAS`` if it is not in LPS.
        source: The series of the CT.
        title: What it is, such as ``"Implant"``.
        burned_in: Whether letters on the part may identify the patient.
    """
    made = _document(_in_lps(stl), source, title, "model/stl", burned_in=burned_in)
    made.SOPClassUID, made.Modality, made.SeriesNumber = EncapsulatedSTLStorage, "M3D", _STL_NUMBER
    made.FrameOfReferenceUID = source.images[0].FrameOfReferenceUID
    made.PositionReferenceIndicator = source.images[0].PositionReferenceIndicator
    series = Dataset()
    series.SeriesInstanceUID = source.images[0].SeriesInstanceUID
    series.ReferencedInstanceSequence = source.references()
    made.ReferencedSeriesSequence = [series]
    made.MeasurementUnitsCodeSequence, made.ModelMirroring = [_code("mm", "UCUM", "mm")], "NO"
    return _file(made)


def _in_lps(stl: bytes) -> bytes:
    """Return a binary STL in LPS, the coordinates of DICOM; cases that were made from a mesh may have theirs in RAS."""
    if b"SPACE=RAS" not in stl[:_STL_HEADER_BYTES]:
        return stl
    triangles = np.frombuffer(stl, _STL_TRIANGLE, offset=_STL_HEADER_BYTES + 4).copy()  # the 4 bytes hold their number
    triangles["points"][..., :2] = 0 - triangles["points"][..., :2]  # without -0
    header = stl[:_STL_HEADER_BYTES].replace(b"SPACE=RAS", b"SPACE=LPS")
    return header + stl[_STL_HEADER_BYTES : _STL_HEADER_BYTES + 4] + triangles.tobytes()


def encapsulated_pdf(pdf: bytes, source: SourceSeries) -> bytes:
    """Return a file of a report, which does not name the patient (DICOM PS3.3, A.45.1)."""
    made = _document(pdf, source, "Implant report", "application/pdf", burned_in=False)
    made.SOPClassUID, made.Modality, made.SeriesNumber = EncapsulatedPDFStorage, "DOC", _PDF_NUMBER
    made.ConversionType = "WSD"
    return _file(made)


def _document(content: bytes, source: SourceSeries, title: str, kind: str, *, burned_in: bool) -> Dataset:
    """Return what encapsulated documents of all kinds have in common."""
    made = Dataset()
    made.update(source.study)
    made.Manufacturer = made.ManufacturerModelName = _PRODUCT
    made.SoftwareVersions, made.DeviceSerialNumber = __version__, _SERIAL_NUMBER
    made.SeriesDescription = made.DocumentTitle = _description(title)
    made.InstanceNumber, made.ContentDate, made.ContentTime = 1, made.StudyDate, made.StudyTime
    made.AcquisitionDateTime, made.ConceptNameCodeSequence = "", []
    made.BurnedInAnnotation = "YES" if burned_in else "NO"
    made.SourceInstanceSequence = source.references()
    made.MIMETypeOfEncapsulatedDocument = kind
    made.EncapsulatedDocumentLength = len(content)
    made.EncapsulatedDocument = content + b"\0" * (len(content) % 2)
    return made


def _description(title: str) -> str:
    return f"{title}. {RESEARCH_USE_NOTICE}"


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _file(dataset: Dataset) -> bytes:
    """Return a file of a data set, whose UIDs become hashes of everything else in it."""
    dataset.SOPInstanceUID = dataset.SeriesInstanceUID = _LATER_UID
    digest = hashlib.sha256(_encoded(dataset)).hexdigest()
    dataset.SOPInstanceUID, dataset.SeriesInstanceUID = _uid("instance", digest), _uid("series", digest)
    return _encoded(dataset)


def _encoded(dataset: Dataset) -> bytes:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _uid(*of: str) -> str:
    """Return the UID of some texts: a UUID, as a number below 2.25."""
    return f"2.25.{UUID(bytes=hashlib.sha256(repr(of).encode()).digest()[:16], version=5).int}"
