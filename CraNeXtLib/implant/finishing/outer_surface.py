"""The outer surface of an implant: setting it back, and the thickness measured from it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.distance_field import distance
from CraNeXtLib.geometry.volume import Volume

FADE_MM = 10.0
"""Distance from the bone over which the set-back starts, since a step beside the bone would show."""
GAP_MM = 3.0
"""Gaps between implant and bone that are narrower than this count as closed."""

_OUTLINE_VOXELS = 3.0  # smoothing of the outline in the view from outside, where the stairs of all layers add up


def depth_below_outer_surface(head: Volume) -> Volume:
    """Return the depth below the outer surface of head and implant, in mm; negative outside the head.

    Outside is what lies above all bone and implant along the third axis; narrow gaps count as closed.

    Args:
        head: Field of bone and implant together; two separate fields would leave a groove between them.
    """
    material = head.voxels
    inside = material < 0
    layers = inside.shape[2]
    top = np.where(inside.any(axis=2), layers - 1 - inside[..., ::-1].argmax(axis=2), -1)
    reach = max(1, round(GAP_MM / 2 / float(head.spacing[0])))
    disk = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1]) <= reach
    top = ndimage.grey_closing(np.pad(top, reach, mode="edge"), footprint=disk)[reach:-reach, reach:-reach]
    above = np.arange(layers) > top[..., None]
    cap = np.float32(2 * head.spacing[0])
    below = np.where(inside, np.minimum(-material, cap), cap)
    outside = head.with_voxels(np.where(above, np.minimum(-material, np.float32(-1e-3)), below))
    return distance(outside)


def set_back(depth: np.ndarray, bone_mm: np.ndarray, under_contour_mm: float) -> np.ndarray:
    """Return the depth below an outer surface that is set back, by less within ``FADE_MM`` of the bone.

    Args:
        depth: Depth below the outer surface, in mm.
        bone_mm: Distance to the bone, of the same shape.
        under_contour_mm: How far it is set back.
    """
    fade = np.clip(bone_mm / np.float32(FADE_MM), 0, 1)
    return depth - np.float32(under_contour_mm) * fade * fade * (3 - 2 * fade)  # a smoothstep, so without a crease


def limit_thickness(piece: np.ndarray, depth: np.ndarray, *, least_mm: float, most_mm: float) -> np.ndarray:
    """Return the field of a piece with its thickness between two limits, changed only on its inner side.

    Args:
        piece: Field of the piece, shape (I, J, K); its last axis points out of the head.
        depth: Depth below its outer surface in mm, of the same shape.
        least_mm: Least thickness; 0 for none. The bone must be cut out afterward.
        most_mm: Greatest thickness; 0 for none.
    """
    if most_mm:
        piece = np.maximum(piece, depth - np.float32(most_mm))
    if least_mm:
        outline = ndimage.gaussian_filter(piece.min(axis=2), _OUTLINE_VOXELS)[..., None]
        plate = np.maximum(-depth, depth - np.float32(least_mm))
        piece = np.minimum(piece, np.maximum(plate, outline))
    return piece
