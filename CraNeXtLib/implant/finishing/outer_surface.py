"""The outer side: setting it back, and thickness measured from it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.distance_field import distance
from CraNeXtLib.geometry.volume import Volume

FADE_MM = 10.0  # from the bone, over which the outer side is set back: a step beside the bone would show
_OUTLINE_VOXELS = 3.0  # over which the outline seen from outside is smoothed: stairs one above the other add up in it
GAP_MM = 3.0  # narrower gaps between implant and bone are no way into the head


def depth_below_outer_side(head: Volume) -> Volume:
    """Return how deep each place lies below the outer side of head and implant, in mm; negative outside the head.

    Outside is what lies above all bone and implant along the third axis; narrow gaps count as closed.

    Args:
        head: Field of bone and implant together: two fields would leave a groove between them.
    """
    material = head.voxels
    inside = material < 0
    depth = inside.shape[2]
    top = np.where(inside.any(axis=2), depth - 1 - inside[..., ::-1].argmax(axis=2), -1)
    reach = max(1, round(GAP_MM / 2 / float(head.spacing[0])))
    disk = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1]) <= reach
    top = ndimage.grey_closing(np.pad(top, reach, mode="edge"), footprint=disk)[reach:-reach, reach:-reach]
    above = np.arange(depth) > top[..., None]
    cap = np.float32(2 * head.spacing[0])
    below = np.where(inside, np.minimum(-material, cap), cap)
    outside = head.with_voxels(np.where(above, np.minimum(-material, np.float32(-1e-3)), below))
    return distance(outside)


def set_back(depth: np.ndarray, bone_mm: np.ndarray, under_contour_mm: float) -> np.ndarray:
    """Return the depth below an outer side that is set back by some mm, less within 10 mm of the bone.

    Args:
        depth: Depth below the outer side.
        bone_mm: Distance to the bone, of the same shape.
        under_contour_mm: How far it is set back.
    """
    share = np.clip(bone_mm / np.float32(FADE_MM), 0, 1)
    return depth - np.float32(under_contour_mm) * share * share * (3 - 2 * share)


def of_thickness(piece: np.ndarray, depth: np.ndarray, *, least_mm: float, most_mm: float) -> np.ndarray:
    """Return the field of a piece between two thicknesses, changed on its inner side only.

    Args:
        piece: Field of the piece, shape (I, J, K), out of the head along the last axis.
        depth: Depth below its outer side, of the same shape.
        least_mm: Least thickness; 0 for none. The bone must be cut out afterwards.
        most_mm: Greatest thickness; 0 for none.
    """
    if most_mm:
        piece = np.maximum(piece, depth - np.float32(most_mm))
    if least_mm:
        outline = ndimage.gaussian_filter(piece.min(axis=2), _OUTLINE_VOXELS)[..., None]
        plate = np.maximum(-depth, depth - np.float32(least_mm))
        piece = np.minimum(piece, np.maximum(plate, outline))
    return piece
