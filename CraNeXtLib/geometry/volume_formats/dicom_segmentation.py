"""Reading DICOM segmentations (SEG), by highdicom, which gives each frame the place that its header states.

Most writers leave out the slices in which a segment is empty, and ITK's readers stack what is left 1 mm apart.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mask import binary
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_formats.stored_volume import StoredSegment, StoredVolume, check_memory, reading

_SOP_CLASSES = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
"""Segmentation Storage and Label Map Segmentation Storage, which pydicom 3.0 does not know."""
_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_COLUMNS_FIRST = [2, 1, 0, 3]  # highdicom's arrays have the slices first.
_LEAST_EVEN_SLICES = 3
_MOST_OFFSET_MM = 0.1
_MOST_INFLATION = 1032  # A deflated file becomes at most so many times as long.
_KIND = "DICOM segmentation"


def sop_class(path: Path) -> Any:
    """Return the SOP class of a DICOM file, a pydicom UID; None if the file is something else.

    Raises:
        InputError: If it is DICOM, but damaged.
        OSError: If it cannot be read.
    """
    with path.open("rb") as file:
        if file.read(132)[128:] != b"DICM":
            return None
    from pydicom.filereader import read_file_meta_info

    with reading(path, "DICOM"):
        return read_file_meta_info(path).MediaStorageSOPClassUID


def read_segmentation(path: Path) -> StoredVolume:
    """Read a DICOM segmentation: binary, fractional or a label map.

    The volume reaches from the first slice that any segment has to the last. Voxels are decoded when a segment is
    chosen, so that of many large ones only that takes memory.

    Raises:
        InputError: If it is another kind of DICOM file, damaged, too large, or if its frames do not form a volume.
        ModuleNotFoundError: If highdicom is missing.
    """
    kind = sop_class(path)
    if kind not in _SOP_CLASSES:
        raise InputError(
            f"{path.name} is a DICOM file, but no segmentation ({kind.name}); if it is a slice of a CT, add --ct."
        )
    import highdicom

    with reading(path, _KIND):
        check_memory(path.name, (_inflated_bytes(path),), 1)
        segmentation = highdicom.seg.segread(path)
        geometry = _geometry(segmentation, path.name)
        check_memory(path.name, geometry.spatial_shape, 1)
        _check_described(segmentation, path.name)
        segments = [
            StoredSegment(
                id=str(number),
                name=str(segmentation.get_segment_description(number).segment_label),
                label=number,
                mask=partial(_mask, segmentation, number, path),
            )
            for number in segmentation.segment_numbers
        ]
        affine = _affine(geometry)
    return StoredVolume(None, affine, np.linalg.norm(affine[:3, :3], axis=0), segments=segments)


def _inflated_bytes(path: Path) -> int:
    from pydicom.filereader import read_file_meta_info
    from pydicom.uid import DeflatedExplicitVRLittleEndian

    deflated = read_file_meta_info(path).TransferSyntaxUID == DeflatedExplicitVRLittleEndian
    return path.stat().st_size * (_MOST_INFLATION if deflated else 1)


def _geometry(segmentation: Any, name: str) -> Any:
    """Return the grid of a segmentation, a highdicom VolumeGeometry that all frames agree with.

    highdicom accepts gantries that are tilted by up to 2.5 degrees and drops the tilt. Without SpacingBetweenSlices, it
    takes the smallest distance of two frames for that of the slices, and 1 mm if there is only one frame, although
    slices between them may have been left out. A SpacingBetweenSlices that is only a part of all distances, such as the
    thickness of slices with gaps, makes it add empty slices. All of this is refused here.
    """
    groups = [*segmentation.SharedFunctionalGroupsSequence, *segmentation.PerFrameFunctionalGroupsSequence]
    measures = [group.PixelMeasuresSequence[0] for group in groups if "PixelMeasuresSequence" in group]
    stated = all("SpacingBetweenSlices" in measure for measure in measures)
    geometry = segmentation.get_volume_geometry(allow_missing_positions=stated)
    if geometry is None or (not stated and geometry.spatial_shape[0] < _LEAST_EVEN_SLICES):
        why = "" if stated else "; it does not state SpacingBetweenSlices, and slices may have been left out"
        raise InputError(
            f"The frames of {name} do not form a volume of even slices{why}; save it with all slices, or as NRRD."
        )
    frames = segmentation.PerFrameFunctionalGroupsSequence
    positions = np.array([frame.PlanePositionSequence[0].ImagePositionPatient for frame in frames], float)
    places = np.rint(geometry.map_reference_to_indices(positions)).astype(int)
    slices = np.unique(places[:, 0])
    if len(slices) >= _LEAST_EVEN_SLICES and np.diff(slices).min() > 1:
        raise InputError(
            f"{name} states that slices are {geometry.spacing[0]:.3g} mm apart (SpacingBetweenSlices), but no two of "
            "its frames are; save it again, or as NRRD."
        )
    if np.abs(geometry.map_indices_to_reference(places) - positions).max() > _MOST_OFFSET_MM:
        raise InputError(
            f"The frames of {name} are shifted against one another, as those of a tilted gantry; resample it onto a "
            "straight grid, and save it as NRRD."
        )
    return geometry


def _check_described(segmentation: Any, name: str) -> None:
    """Raise InputError if there are frames of a segment that is not described, which would be left out."""
    groups = [*segmentation.SharedFunctionalGroupsSequence, *segmentation.PerFrameFunctionalGroupsSequence]
    numbers = {
        item.ReferencedSegmentNumber for group in groups for item in group.get("SegmentIdentificationSequence", ())
    }
    if unknown := numbers - {*segmentation.segment_numbers}:
        raise InputError(
            f"{name} has frames of segment {min(unknown)}, which it does not describe; save the segmentation again."
        )


def _affine(geometry: Any) -> np.ndarray:
    """Return the affine of columns, rows and slices to RAS mm.

    The slices are in the order that a CT of the same orientation is read in, which is the reverse of highdicom's.
    """
    affine = (_TO_RAS @ geometry.affine)[:, _COLUMNS_FIRST]
    affine[:3, 3] += (geometry.spatial_shape[0] - 1) * affine[:3, 2]
    affine[:3, 2] *= -1
    return affine


def _mask(segmentation: Any, number: int, path: Path) -> np.ndarray:
    """Return the voxels of a segment, bool, in the order of axes of :func:`read_segmentation`."""
    fractional = segmentation.SegmentationType == "FRACTIONAL"
    with reading(path, _KIND):
        volume = segmentation.get_volume(segment_numbers=[number], dtype=np.float32 if fractional else np.uint8)
        voxels = volume.array[::-1, ..., 0].transpose(_COLUMNS_FIRST[:3])
    return binary(Volume(voxels, np.eye(4)), name=path.name).voxels
