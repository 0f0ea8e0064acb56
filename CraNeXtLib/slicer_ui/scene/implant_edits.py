"""Manual edits of an implant: detecting and reverting them."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.components import labeled, largest_first
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.slicer_ui.scene.implant_nodes import DEFECTIVE_SKULL, IMPLANT
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
    computed, implant = _computed(segmentation), implant_of(segmentation)
    return not implant.voxels.any() or not are_same(cropped(implant), computed)


def are_same(implant: Volume, other: Volume) -> bool:
    """Return whether two masks, each cropped to what is inside, are the same."""
    return implant.has_geometry_of(other, tolerance_mm=1e-3) and np.array_equal(implant.voxels, other.voxels)


def revert(segmentation: Any) -> None:
    """Restore the computed implant of a result; names, colors and other segments stay as they are.

    Raises:
        InputError: If the segment or the copy of the computed implant was deleted.
    """
    computed = _computed(segmentation)
    if segmentation.GetSegmentation().GetSegment(IMPLANT) is None:
        raise InputError(_("The implant's segment was deleted. Press “Make implant” again."))
    set_implant(segmentation, computed)


def replace_implant(segmentation: Any, implant: Volume) -> None:
    """Put another implant into a result, whose geometry grows with it.

    Args:
        segmentation: The result.
        implant: Mask on a grid that holds all of the result's voxels.
    """
    name = slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName()
    segmentation.GetSegmentation().SetConversionParameter(name, serialized_geometry(implant))
    set_implant(segmentation, implant)


def piece_volumes(segmentation: Any) -> list[float]:
    """Return the volumes of the pieces of a result's implant in mL, the largest first."""
    implant = implant_of(segmentation)
    _labels, sizes = labeled(implant.voxels[foreground_box(implant.voxels)], corners=True)
    voxel_ml = float(np.prod(implant.spacing)) / 1000
    return [float(size) * voxel_ml for size in sorted(sizes, reverse=True) if size]


def remove_piece(segmentation: Any, number: int) -> None:
    """Remove a piece of a result's implant.

    Args:
        segmentation: The result.
        number: Number of the piece, from 1 in the order of :func:`piece_volumes`.

    Raises:
        InputError: If there is no such piece, or no other.
    """
    implant = implant_of(segmentation)
    box = foreground_box(implant.voxels)
    labels, sizes = labeled(implant.voxels[box], corners=True)
    order = largest_first(sizes)
    if len(order) < 2 or not 1 <= number <= len(order):
        raise InputError(_("The implant has no such piece beside another one."))
    remaining = implant.voxels.copy()
    remaining[box] &= labels != order[number - 1]
    set_implant(segmentation, implant.with_voxels(remaining))


def paint(segmentation: Any, centers_ras: np.ndarray, radius_mm: float, *, erase: bool = False) -> None:
    """Add balls to a result's implant where the skull has no bone, or remove them from it.

    Args:
        segmentation: The result.
        centers_ras: Centers of the balls in mm, shape (N, 3), in the result's coordinates.
        radius_mm: Their radius.
        erase: Whether to remove them.

    Raises:
        InputError: If this would remove the whole implant.
    """
    implant = implant_of(segmentation)
    bone = segment_volume(segmentation, DEFECTIVE_SKULL).voxels != 0
    stroke = balls(implant, centers_ras, radius_mm)
    voxels = implant.voxels & ~stroke if erase else implant.voxels | (stroke & ~bone)
    if not voxels.any():
        raise InputError(_("This would remove the whole implant."))
    set_implant(segmentation, implant.with_voxels(voxels))


def balls(grid: Volume, centers_ras: np.ndarray, radius_mm: float) -> np.ndarray:
    """Return which voxels of a volume have their center in one of the balls, bool of the volume's shape."""
    inside = grid.zeros(bool)
    reach = np.ceil(radius_mm / grid.spacing).astype(int)
    offsets = np.moveaxis(np.indices(tuple(2 * reach + 1)), 0, -1) - reach
    for center in np.unique(np.rint(grid.to_indices(np.asarray(centers_ras, float))).astype(int), axis=0):
        part = tuple(slice(max(c - r, 0), max(c + r + 1, 0)) for c, r in zip(center, reach, strict=True))
        cut = tuple(
            slice(max(r - c, 0), max(r - c, 0) + max(min(c + r + 1, size) - max(c - r, 0), 0))
            for c, r, size in zip(center, reach, grid.shape, strict=True)
        )
        inside[part] |= (np.linalg.norm(offsets @ grid.affine[:3, :3].T, axis=-1) <= radius_mm)[cut]
    return inside


def implant_of(segmentation: Any) -> Volume:
    """Return a result's implant as a Boolean mask on the result's grid.

    Raises:
        InputError: If it was deleted or is empty.
    """
    found = segment_volume(segmentation, IMPLANT)
    return found.with_voxels(found.voxels != 0)


def cropped(implant: Volume) -> Volume:
    """Return a mask cropped to what is inside, which takes a hundredth of the memory."""
    return implant.crop(foreground_box(implant.voxels))


def set_implant(segmentation: Any, implant: Volume) -> None:
    """Put another mask of the implant into a result, on the result's grid or a part of it."""
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    logic.SetBinaryLabelmapToSegment(oriented_image(implant), segmentation, IMPLANT, logic.MODE_REPLACE)


def _computed(segmentation: Any) -> Volume:
    node = referenced_node(segmentation, COMPUTED)
    if node is None:
        raise InputError(_("The copy of the computed implant was deleted. Press “Make implant” again."))
    volume = labelmap_volume(node)
    return volume.with_voxels(volume.voxels != 0)
