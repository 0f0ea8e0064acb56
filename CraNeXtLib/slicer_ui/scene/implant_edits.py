"""Manual edits of an implant: detecting and reverting them."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import foreground_box
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


def _set_implant(segmentation: Any, implant: Volume) -> None:
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    logic.SetBinaryLabelmapToSegment(oriented_image(implant), segmentation, IMPLANT, logic.MODE_REPLACE)


def _computed(segmentation: Any) -> Volume:
    node = referenced_node(segmentation, COMPUTED)
    if node is None:
        raise InputError(_("The copy of the computed implant was deleted. Press “Make implant” again."))
    volume = labelmap_volume(node)
    return volume.with_voxels(volume.voxels != 0)
