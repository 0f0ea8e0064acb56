"""What finishing leaves out of a part, pores and fragments, and how much is left."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.geometry.components import cavities_of, labeled
from CraNeXtLib.geometry.volume import Volume

SPECKS_MM3 = 100.0
"""Smaller pieces of the implant, and fragments that a step cuts off, are dropped."""


def volume_ml(field: np.ndarray, grid: Volume) -> float:
    """Return the volume inside a field in mL; voxels that the surface cuts count in part."""
    occupancy = np.clip(0.5 - field / np.float32(grid.spacing[0]), 0, 1)
    return round(float(occupancy.sum(dtype=float)) * grid.voxel_volume_mm3 / 1000, 3)


def without_pores(field: np.ndarray, forbidden: np.ndarray) -> np.ndarray:
    """Return the field with its cavities filled, such as pores of spongy bone whose exits the smoothing closed.

    Args:
        field: Field of a part.
        forbidden: Field that is negative where the part may be.
    """
    cavities = cavities_of(field < 0)
    return np.where(cavities & (forbidden < 0), -np.abs(field) - np.float32(1e-3), field)


def without_fragments(part: Volume) -> Volume:
    """Return the field of a part without connected parts smaller than ``SPECKS_MM3``."""
    labels, sizes = labeled(part.voxels < 0)
    small = sizes * part.voxel_volume_mm3 < SPECKS_MM3
    small[0] = False
    if not small.any():
        return part
    return part.with_voxels(np.where(small[labels], np.abs(part.voxels), part.voxels))
