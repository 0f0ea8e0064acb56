"""The border of an implant: clearance to the bone, a smooth outline, no slivers.

Both functions are morphological openings by a ball, computed on distance fields.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.components import components_with
from CraNeXtLib.geometry.distance_field import distance
from CraNeXtLib.geometry.volume import Volume

_BLUR_VOXELS = 0.8  # smooths the distance to the balls' centers, which is rough where few voxels hold a center


def forbidden_by_bone(bone: Volume, *, clearance_mm: float, edge_radius_mm: float) -> np.ndarray:
    """Return a field that is negative where the implant may be.

    That is where balls of the edge radius fit that keep clear of the bone. The opening is of the free space and not of
    the implant, so that plates thinner than the ball stay and only the outline becomes smooth.

    Args:
        bone: Distance to the bone.
        clearance_mm: Clearance to the bone.
        edge_radius_mm: Radius of the balls; 0 leaves the outline as it is.
    """
    near = np.float32(clearance_mm) - bone.voxels
    return np.maximum(near, _opened(bone.with_voxels(near), edge_radius_mm)) if edge_radius_mm else near


def without_slivers(part: Volume, thinnest_mm: float) -> np.ndarray:
    """Return the field of a part without slivers thinner than given, its sharp edges rounded by half of that.

    Args:
        part: Field of the part.
        thinnest_mm: Diameter of the balls that must fit into the part; see ``sliver_mm``.
    """
    return _without_slivers(part, [thinnest_mm])[0]


def without_feather_edges(
    part: Volume, bone_mm: np.ndarray, *, wall_mm: float, near_mm: float, thinnest_mm: float
) -> np.ndarray:
    """Return the field of a part that ends blunt at the bone: what is thinner than a wall is cut off there.

    A feather edge lies on a slanted edge of the bone. What is as thin but reaches farther from bone belongs to a plate
    that is thin itself; it stays, and only its slivers go.

    Args:
        part: Field of the part.
        bone_mm: Distance to the bone, of the same shape.
        wall_mm: Thickness of the edge, to which a voxel is added that smoothing takes away again.
        near_mm: Distance from bone within which a feather edge lies.
        thinnest_mm: Thickness of slivers, 0 for none; see ``without_slivers``.
    """
    limits_mm = [wall_mm + float(part.spacing[0]), *([thinnest_mm] if thinnest_mm else [])]
    blunt, plain = [*_without_slivers(part, limits_mm), part.voxels][:2]
    inside, far = plain < 0, bone_mm > near_mm
    cut = inside & (blunt >= 0)
    plates = components_with(cut, cut & far) if (blunt < 0).any() else inside
    return np.where(far | ndimage.binary_dilation(plates, iterations=2), plain, blunt)


def sliver_mm(thinnest_mm: float, step_mm: float) -> float:
    """Return the thickness below which a part is a sliver: at least two voxels of the grid, which resolves no less."""
    return max(thinnest_mm, 2 * step_mm)


def _without_slivers(part: Volume, limits_mm: Sequence[float]) -> list[np.ndarray]:
    """Return the fields of a part without slivers thinner than each limit; see ``without_slivers``."""
    step, inside = float(part.spacing[0]), part.voxels < 0
    if not inside.any():
        return [part.voxels.copy() for _ in limits_mm]
    radii_mm = [sliver_mm(limit, step) / 2 for limit in limits_mm]
    near = foreground_box(inside, margin=int(max(radii_mm) / step) + 3)
    space, fields = distance(part.crop(near)), []
    for radius_mm in radii_mm:
        field = part.voxels.copy()
        field[near] = np.maximum(field[near], _opened(space, radius_mm))
        fields.append(field)
    return fields


def _opened(space: Volume, radius_mm: float) -> np.ndarray:
    """Return a field that is negative inside the balls of a radius that fit into a space.

    Args:
        space: Distance to the border of the space, negative inside.
        radius_mm: Radius of the balls.
    """
    centers = distance(space.with_voxels(space.voxels + np.float32(radius_mm)))
    return ndimage.gaussian_filter(centers.voxels, _BLUR_VOXELS, truncate=2) - np.float32(radius_mm)
