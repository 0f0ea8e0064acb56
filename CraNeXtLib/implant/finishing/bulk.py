"""Bulk on the outer side over the temple, in place of temporal muscle that is missing: a setting, off by default.

How much is missing on one side is measured from a CT (``fit.soft_tissue``). What is added here is not bone, and no
source was found that validates its shape. It is flush at the rim, so that it meets bone without a step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from CraNeXtLib.anatomy.head.pose import HeadPose
from CraNeXtLib.anatomy.head.regions import REGIONS
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing.cleaning import volume_ml
from CraNeXtLib.implant.finishing.outer_surface import FADE_MM
from CraNeXtLib.implant.finishing.plan_view import PlanView

HIGHEST_MM = 12.0
"""Height above the part's own outer side up to which bulk is added."""

_SMOOTH_MM = 5.0  # standard deviation of the smoothing of the outline of the regions
_EXACT_ML = 0.01
_HALVINGS = 16
_TEMPLE = [region.label for region in REGIONS if region.name in ("Temporal", "Lower Parietal")]
"""Labels of the regions on which the temporal muscle lies; it reaches up to the temporal lines of the parietal bone."""


@dataclass(frozen=True, eq=False)
class Bulk:
    """Bulk that was added to a piece.

    Args:
        field: Field of the piece with it.
        volume_ml: Its volume.
        height_mm: Its greatest height.
    """

    field: np.ndarray
    volume_ml: float
    height_mm: float


def temporal_voxels(piece: Volume, pose: HeadPose) -> int:
    """Return how many voxels of a piece's mask lie in the regions of the temporal muscle."""
    return int(np.isin(pose.label_points(piece.to_ras(np.argwhere(piece.voxels))), _TEMPLE).sum())


def with_bulk(piece: Volume, depth: np.ndarray, pose: HeadPose, wanted_ml: float) -> Bulk:
    """Return a piece with bulk over the temporal and lower parietal regions.

    Its height is one number times a weight from 0 to 1, which is 0 at the rim, rises over ``FADE_MM`` from there, and
    falls off at the edge of the regions.

    Args:
        piece: Field of the piece; its third axis points out of the head.
        depth: Depth below the outer surface in mm, of the same shape.
        pose: Pose of the template, whose regions are used.
        wanted_ml: Volume to add.

    Raises:
        InputError: If the piece has no room for so much.
    """
    view = PlanView(piece)
    weight = _weight(view, pose)
    border_mm = ndimage.distance_transform_edt(~view.outline) * view.step - view.border_distance_mm

    def raised(height_mm: float) -> np.ndarray:
        layer = np.maximum(-(depth + (height_mm * weight)[..., None]), depth - view.step)
        field: np.ndarray = np.minimum(piece.voxels, np.maximum(layer, border_mm[..., None])).astype(np.float32)
        return field

    before_ml = volume_ml(piece.voxels, piece)
    most_ml = volume_ml(raised(HIGHEST_MM), piece) - before_ml if weight.any() else 0.0
    if most_ml < wanted_ml:
        room = f"for {most_ml:.1f} mL, at most {HIGHEST_MM:g} mm high" if most_ml >= _EXACT_ML else "for none"
        raise InputError(
            f"The temporal bulk of {wanted_ml:g} mL finds no room: over the temporal and lower parietal "
            f"regions and flush at the rim there is room {room}; set temporal_bulk_ml lower, or to 0."
        )
    low, high = 0.0, HIGHEST_MM
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        added_ml = volume_ml(raised(middle), piece) - before_ml
        low, high = (middle, high) if added_ml < wanted_ml else (low, middle)
        if abs(added_ml - wanted_ml) < _EXACT_ML:
            break
    return Bulk(raised(middle), added_ml, middle * float(weight.max()))


def _weight(view: PlanView, pose: HeadPose) -> np.ndarray:
    """Return the weight of each column, from 0 to 1, shape (I, J)."""
    columns = np.argwhere(view.outline)
    tops = view.part.to_ras(np.column_stack([columns, view.top[tuple(columns.T)]]))
    temporal = np.zeros(view.outline.shape)
    temporal[tuple(columns.T)] = np.isin(pose.label_points(tops), _TEMPLE)
    fade = np.clip(view.border_distance_mm / FADE_MM, 0, 1)
    weight: np.ndarray = ndimage.gaussian_filter(temporal, _SMOOTH_MM / view.step) * fade * fade * (3 - 2 * fade)
    return np.where(weight > 1e-3, weight, 0.0)
