"""Manual edits of an implant: detecting and reverting them."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.components import labeled, largest_first
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.slicer_ui.scene.implant_nodes import IMPLANT
from CraNeXtLib.slicer_ui.scene.node_volumes import (
    labelmap_volume,
    oriented_image,
    segment_volume,
    serialized_geometry,
)
from CraNeXtLib.slicer_ui.scene.result_references import COMPUTED, referenced_node
from CraNeXtLib.slicer_ui.translation import _


def is_edited(segmentation: Any) -> bool:
    """Return whether a result's implant differs from the computed one."""
    computed = _computed(segmentation)
    implant = segment_volume(segmentation, IMPLANT)
    if not implant.voxels.any():
        return True
    part = implant.crop(foreground_box(implant.voxels))
    return not part.has_geometry_of(computed, tolerance_mm=1e-3) or not np.array_equal(
        part.voxels != 0, computed.voxels
    )


def revert(segmentation: Any) -> None:
    """Restore the computed implant of a result; names, colors and other segments stay as they are.

    Raises:
        InputError: If the segment or the copy of the computed implant was deleted.
    """
    computed = _computed(segmentation)
    if segmentation.GetSegmentation().GetSegment(IMPLANT) is None:
        raise InputError(_("The implant's segment was deleted. Press “Make implant” again."))
    _set_implant(segmentation, computed)


def replace_implant(segmentation: Any, implant: Volume) -> None:
    """Put another implant into a result, whose geometry grows with it.

    Args:
        segmentation: The result.
        implant: Mask on a grid that holds all of the result's voxels.
    """
    name = slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName()
    segmentation.GetSegmentation().SetConversionParameter(name, serialized_geometry(implant))
    _set_implant(segmentation, implant)


def piece_volumes(segmentation: Any) -> list[float]:
    """Return the volumes of the pieces of a result's implant in mL, the largest first."""
    implant, _labels, sizes = _pieces(segmentation)
    voxel_ml = float(np.prod(implant.spacing)) / 1000
    return [float(size) * voxel_ml for size in sorted(sizes, reverse=True) if size]


def without_piece(segmentation: Any, number: int) -> None:
    """Remove a piece of a result's implant.

    Args:
        segmentation: The result.
        number: Number of the piece, from 1 in the order of :func:`piece_volumes`.

    Raises:
        InputError: If there is no such piece, or no other.
    """
    implant, labels, sizes = _pieces(segmentation)
    order = largest_first(sizes)
    if len(order) < 2 or not 1 <= number <= len(order):
        raise InputError(_("The implant has no such piece beside another one."))
    remaining = implant.voxels & (labels != order[number - 1])
    _set_implant(segmentation, implant.with_voxels(remaining))


def _pieces(segmentation: Any) -> tuple[Volume, np.ndarray, np.ndarray]:
    """Return a result's implant, the labels of its pieces, and their sizes in voxels."""
    found = segment_volume(segmentation, IMPLANT)
    implant = found.with_voxels(found.voxels != 0)
    return implant, *labeled(implant.voxels, corners=True)


def _set_implant(segmentation: Any, implant: Volume) -> None:
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    logic.SetBinaryLabelmapToSegment(oriented_image(implant), segmentation, IMPLANT, logic.MODE_REPLACE)


def _computed(segmentation: Any) -> Volume:
    node = referenced_node(segmentation, COMPUTED)
    if node is None:
        raise InputError(_("The copy of the computed implant was deleted. Press “Make implant” again."))
    volume = labelmap_volume(node)
    return volume.with_voxels(volume.voxels != 0)
