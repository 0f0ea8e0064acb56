"""A categorized skull as input of the network: one channel a region, or the paper's single channel."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.anatomy.head.network_grid import Grid
from CraNeXtLib.anatomy.head.regions import ALL_REGIONS
from CraNeXtLib.geometry.volume import Volume


def region_channels(labels: Volume, grid: Grid) -> np.ndarray:
    """Bring every region to the grid by itself, so that no two labels mix into a third.

    Args:
        labels: 0-9, of the geometry of the grid's skull.
        grid: From :func:`CraNeXtLib.anatomy.head.network_grid.make_grid`.

    Returns:
        Shape (10, X, Y, Z), float32: the share of each grid voxel that is no bone, then of each region, undefined last.
        They sum to 1.
    """
    regions = np.stack([grid.sample(labels.with_voxels(labels.voxels == region.label)) for region in ALL_REGIONS])
    # A grid may average blocks of voxels that begin with the mask, and so differ a little from region to region.
    regions /= np.maximum(regions.sum(axis=0), 1)
    background = np.maximum(1 - regions.sum(axis=0), 0)
    return np.concatenate([background[None], regions]).astype(np.float32)


def label_channel(labels: Volume, grid: Grid) -> np.ndarray:
    """Bring the label numbers to the grid as the paper does (section V): averaged, so that 2 and 4 give 3.

    Args:
        labels: 0-9, of the geometry of the grid's skull.
        grid: ``"official"`` for the published area resize.

    Returns:
        Shape (1, X, Y, Z), float32.
    """
    numbers = np.arange(len(ALL_REGIONS) + 1, dtype=np.float32)
    return np.tensordot(numbers, region_channels(labels, grid), axes=1)[None]
