"""The border: room to the bone, with a smooth outline."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.finishing.fields import distance
from CraNeXtLib.volumes import Volume


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
    if not edge_radius_mm:
        return near
    middles = distance(bone.with_voxels(near + np.float32(edge_radius_mm)))
    return np.maximum(near, middles.voxels - np.float32(edge_radius_mm))
