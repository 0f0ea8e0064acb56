"""Masks: voxels that are inside, their border, and whether two share a geometry."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.volume import Volume


def surface_indices(volume: Volume) -> np.ndarray:
    """Return the indices of a mask's surface voxels, shape (N, 3)."""
    voxels = mask(volume)
    if not voxels.any():
        return np.empty((0, 3), dtype=int)
    box = foreground_box(voxels)
    return np.argwhere(border(voxels[box])) + [side.start for side in box]


def border(voxels: np.ndarray) -> np.ndarray:
    """Return the voxels of a mask that have a face neighbour outside it or lie on the array's edge."""
    return voxels & ~ndimage.binary_erosion(voxels)


def mask(volume: Volume) -> np.ndarray:
    """Return a volume's voxels as booleans, without a copy where they are."""
    return volume.voxels if volume.voxels.dtype == bool else volume.voxels != 0


def check_same_geometry(*volumes: Volume) -> None:
    """Raise InputError unless all volumes share one geometry with axes at right angles."""
    first = volumes[0]
    if not all(first.has_geometry_of(other) for other in volumes[1:]):
        raise InputError(
            "The volumes differ in size, spacing, directions or origin; resample them onto one grid before measuring."
        )
    directions = first.affine[:3, :3] / first.spacing
    if np.abs(directions.T @ directions - np.eye(3)).max() > 1e-3:
        raise InputError("The axes of the volumes are not at right angles; resample them before measuring.")
