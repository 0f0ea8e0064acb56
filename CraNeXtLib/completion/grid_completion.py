"""A skull that a network completed, on a grid in the space of the shape model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CraNeXtLib.anatomy.head.alignment import Alignment
from CraNeXtLib.anatomy.head.model_space_grid import ModelSpaceGrid
from CraNeXtLib.geometry.box import Box
from CraNeXtLib.geometry.components import without_specks
from CraNeXtLib.geometry.volume import Volume


@dataclass(frozen=True, eq=False)
class GridCompletion:
    """A skull completed on a grid.

    Args:
        grid: The grid.
        bone: Occupancy of the defective skull, float32 of the grid's shape, 0 to 1.
        complete: Occupancy of the complete skull, likewise.
    """

    grid: ModelSpaceGrid
    bone: np.ndarray
    complete: np.ndarray

    @classmethod
    def of(cls, grid: ModelSpaceGrid, bone: np.ndarray, implant: np.ndarray) -> GridCompletion:
        """Combine skull and implant. Their occupancies add up, so no gap opens in a voxel that holds some of both."""
        return cls(grid, bone, np.minimum(bone + implant, 1.0))

    def added_boxes(self, complete: np.ndarray, skull: Volume, alignment: Alignment) -> list[Box]:
        """Return the box of the skull's voxels that holds all added bone, in a list that is empty if none is added.

        Args:
            complete: Occupancy of the complete skull on the grid; a caller may know more than ``self.complete``.
            skull: The skull.
            alignment: From the model's space to the skull.
        """
        added = without_specks((complete >= 0.5) & (self.bone < 0.5), float(np.prod(self.grid.spacing)))
        return [self.grid.box(added, skull, alignment)] if added.any() else []
