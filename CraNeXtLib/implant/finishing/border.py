"""The border: room to the bone, with a smooth outline and without slivers."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.distance_field import distance
from CraNeXtLib.geometry.volume import Volume

_BLUR_VOXELS = 0.8  # of distances to the middles of balls, which are rough where few voxels hold a middle


def forbidden_by_bone(bone: Volume, *, clearance_mm: float, edge_radius_mm: float) -> np.ndarray:
    """Return a field that is negative where the implant may be.

    That is what a ball of the edge's radius covers that keeps the clearance to the bone: an opening of the free space
    and not of the implant, so that plates thinner than the ball stay, and only the outline becomes smooth.

    Args:
        bone: Distance to the bone.
        clearance_mm: Room to the bone.
        edge_radius_mm: Radius of the ball; 0 leaves the outline as it is.
    """
    near = np.float32(clearance_mm) - bone.voxels
    return np.maximum(near, _beyond_balls(bone.with_voxels(near), edge_radius_mm)) if edge_radius_mm else near


def without_slivers(part: Volume, thinnest_mm: float) -> np.ndarray:
    """Return the field of a part without what is thinner than given, its sharp edges rounded by half of that.

    It is what balls cover that fit into the part: an opening.

    Args:
        part: Field of the part.
        thinnest_mm: Diameter of the balls, at least two voxels of the grid.
    """
    radius = max(thinnest_mm / 2, float(part.spacing[0]))  # the grid shows no smaller ball
    return np.maximum(part.voxels, _beyond_balls(distance(part), radius))


def _beyond_balls(space: Volume, radius_mm: float) -> np.ndarray:
    """Return a field that is negative in the balls of a radius that fit into a space.

    Args:
        space: Distance to the border of the space, negative inside.
        radius_mm: Radius of the balls.
    """
    middles = distance(space.with_voxels(space.voxels + np.float32(radius_mm)))
    return ndimage.gaussian_filter(middles.voxels, _BLUR_VOXELS, truncate=2) - np.float32(radius_mm)
