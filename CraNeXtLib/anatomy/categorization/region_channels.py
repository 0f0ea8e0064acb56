"""A categorized skull as input of a network: one channel per region."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.anatomy.head.network_grid import Grid
from CraNeXtLib.anatomy.head.regions import ALL_REGIONS
from CraNeXtLib.geometry.volume import Volume


def region_channels(labels: Volume, grid: Grid) -> np.ndarray:
    """Resample every region to the grid on its own, so that no two labels mix into a third.

    Args:
        labels: Labels 0-9, of the geometry of the grid's skull.
        grid: A grid from :func:`CraNeXtLib.anatomy.head.network_grid.make_grid`.

    Returns:
        Shape (10, X, Y, Z), float32: the fraction of each grid voxel that is not bone, then that of each region,
        undefined last. They sum to 1.
    """
    regions = np.stack([grid.sample(labels.with_voxels(labels.voxels == region.label)) for region in ALL_REGIONS])
    # A grid may average blocks of voxels that start at the mask, and so differ a little from region to region.
    regions /= np.maximum(regions.sum(axis=0), 1)
    background = np.maximum(1 - regions.sum(axis=0), 0)
    return np.concatenate([background[None], regions]).astype(np.float32)
