"""Masks: their voxels as booleans, their border, and a check that several share a geometry."""

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
    """Return the voxels of a mask with a face neighbor outside it or on the edge of the array."""
    return voxels & ~ndimage.binary_erosion(voxels)


def mask(volume: Volume) -> np.ndarray:
    """Return which of a volume's voxels are not zero; without a copy if they are booleans already."""
    return volume.voxels if volume.voxels.dtype == bool else volume.voxels != 0


def check_same_geometry(*volumes: Volume) -> None:
    """Check that volumes can be compared voxel by voxel.

    Raises:
        InputError: If their geometries differ, or their axes are not at right angles.
    """
    first = volumes[0]
    if not all(first.has_geometry_of(other) for other in volumes[1:]):
        raise InputError(
            "The volumes differ in size, spacing, directions or origin; resample them onto one grid before measuring."
        )
    directions = first.affine[:3, :3] / first.spacing
    if np.abs(directions.T @ directions - np.eye(3)).max() > 1e-3:
        raise InputError("The axes of the volumes are not at right angles; resample them before measuring.")
