"""A model of the bone around a defect, to print and to try the implant in."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.settings import number_in
from CraNeXtLib.geometry.box import box_from, foreground_box
from CraNeXtLib.geometry.components import without_specks
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.model_ranges import BONE_MODEL_MM

_LEAST_PIECE_MM3 = 1000.0  # Smaller pieces of bone would fall out of the printer.


def check_margin(margin_mm: float) -> None:
    """Refuse a margin that leaves no rim to print, or takes most of the head.

    Raises:
        InputError: If it is not from 5 to 100 mm.
    """
    number_in(margin_mm, *BONE_MODEL_MM, "margin of the --bone-model", unit=" mm")


def bone_around(skull: Volume, implant: Volume, margin_mm: float) -> Volume:
    """Return the bone within a distance of an implant, without loose pieces of less than 1 mL.

    Args:
        skull: Mask of the defective skull, of type bool.
        implant: Mask of the implant, of the same geometry, not empty.
        margin_mm: The distance.

    Returns:
        The mask, cropped to it.

    Raises:
        InputError: If there is no such bone, or the margin is out of range.
    """
    check_margin(margin_mm)
    box = foreground_box(implant.voxels)
    reach = np.ceil(margin_mm / skull.spacing).astype(int) + 1
    low = np.maximum([side.start for side in box] - reach, 0)
    high = np.minimum([side.stop for side in box] + reach, skull.shape)
    around = box_from(low, high)
    bone, gap = skull.crop(around), implant.crop(around).voxels
    near = ndimage.distance_transform_edt(~gap, sampling=skull.spacing) <= margin_mm
    model = printable_bone(bone.with_voxels(bone.voxels & near))
    if not model.voxels.any():
        raise InputError(f"There is no bone within {margin_mm:g} mm of the implant; choose a larger --bone-model.")
    return model.crop(foreground_box(model.voxels))


def printable_bone(bone: Volume) -> Volume:
    """Return a mask of bone, of type bool, without loose pieces of less than 1 mL."""
    return bone.with_voxels(without_specks(bone.voxels, bone.voxel_volume_mm3, least_mm3=_LEAST_PIECE_MM3))
