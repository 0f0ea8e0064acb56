"""What a network on a grid around the skull takes as input, one function for each kind."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Protocol

import numpy as np

from CraNeXtLib.anatomy.categorization.categorize import categorize
from CraNeXtLib.anatomy.categorization.region_channels import region_channels
from CraNeXtLib.anatomy.head.network_grid import Grid
from CraNeXtLib.anatomy.head.official_grid import OfficialGrid
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume

_INPUTS = {
    "binary": "CraNeXtLib.completion.network_input:binary",
    "one-hot": "CraNeXtLib.completion.network_input:one_hot",
    "labels": "CraNeXtLib.completion.network_input:labels",
}


class NetworkInput(Protocol):
    """Makes the channels of a network's input."""

    def __call__(self, skull: Volume, grid: Grid, occupancy: np.ndarray) -> np.ndarray:
        """Return the channels, float32 of shape (C, X, Y, Z).

        Args:
            skull: Mask of the defective skull.
            grid: The network's grid around it.
            occupancy: The skull on that grid, shape (X, Y, Z).
        """


def network_input(name: str) -> NetworkInput:
    """Return the input of that name, as in ``model.json``.

    Raises:
        InputError: If this version does not know it.
    """
    if name not in _INPUTS:
        raise InputError(
            f"The model's network takes the input '{name}', which this version does not know; update CraNeXt."
        )
    return resolve_name(_INPUTS[name])


def binary(skull: Volume, grid: Grid, occupancy: np.ndarray) -> np.ndarray:
    """Return the defective skull as one channel."""
    del skull, grid
    return occupancy[None]


def one_hot(skull: Volume, grid: Grid, occupancy: np.ndarray) -> np.ndarray:
    """Return ten channels: no bone, the eight regions of the skull, and undefined bone (paper, section III.C)."""
    del occupancy
    return region_channels(categorize(skull).labels, grid)


def labels(skull: Volume, grid: Grid, occupancy: np.ndarray) -> np.ndarray:
    """Return one channel with the numbers of the regions, averaged by area as published.

    Raises:
        InputError: If the grid is not the published one, which alone averages label numbers.
    """
    del occupancy
    if not isinstance(grid, OfficialGrid):
        raise InputError("The model's input 'labels' needs the grid 'official'; its model.json names another one.")
    return grid.sample_labels(categorize(skull, method="official").labels)[None]
