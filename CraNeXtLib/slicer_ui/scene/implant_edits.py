"""An implant that the user edits: whether it differs from what was computed, and the way back."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.slicer_ui.scene.implant_nodes import IMPLANT
from CraNeXtLib.slicer_ui.scene.result_references import COMPUTED, referred
from CraNeXtLib.slicer_ui.scene.scene_volumes import labelmap_volume, oriented_image, segment_volume
from CraNeXtLib.slicer_ui.translation import _


def is_edited(segmentation: Any) -> bool:
    """Tell whether a result's implant differs from what was computed."""
    computed = _computed(segmentation)
    implant = segment_volume(segmentation, IMPLANT)
    if not implant.voxels.any():
        return True
    part = implant.crop(foreground_box(implant.voxels))
    return not part.has_geometry_of(computed, tolerance_mm=1e-3) or not np.array_equal(
        part.voxels != 0, computed.voxels
    )


def revert(segmentation: Any) -> None:
    """Put the implant as it was computed back into a result; names, colours and other segments stay.

    Raises:
        InputError: If the segment or the copy of what was computed was deleted.
    """
    computed = _computed(segmentation)
    if segmentation.GetSegmentation().GetSegment(IMPLANT) is None:
        raise InputError(_("The segment of the implant was deleted; make the implant again."))
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    logic.SetBinaryLabelmapToSegment(oriented_image(computed), segmentation, IMPLANT, logic.MODE_REPLACE)


def _computed(segmentation: Any) -> Volume:
    node = referred(segmentation, COMPUTED)
    if node is None:
        raise InputError(_("The copy of the computed implant was deleted; make the implant again."))
    volume = labelmap_volume(node)
    return volume.with_voxels(volume.voxels != 0)
