"""What a network makes of a skull on a grid of the head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CraNeXtLib.anatomy.head.alignment import Alignment
from CraNeXtLib.anatomy.head.model_space_grid import ModelSpaceGrid
from CraNeXtLib.geometry.box import Box
from CraNeXtLib.geometry.components import without_specks
from CraNeXtLib.geometry.volume import Volume


@dataclass(frozen=True, eq=False)
class OnGrid:
    """A skull completed on a grid.

    Args:
        grid: The grid.
        bone: Share of each voxel that is bone of the defective skull.
        complete: Share that is bone of the complete skull.
    """

    grid: ModelSpaceGrid
    bone: np.ndarray
    complete: np.ndarray

    @classmethod
    def of(cls, grid: ModelSpaceGrid, bone: np.ndarray, implant: np.ndarray) -> OnGrid:
        """Put skull and implant together: shares add up, so that no gap opens in a voxel that holds some of both."""
        return cls(grid, bone, np.minimum(bone + implant, 1.0))

    def boxes(self, complete: np.ndarray, skull: Volume, alignment: Alignment) -> list[Box]:
        """Return the box of the skull's voxels around all that is added; none if nothing is.

        Args:
            complete: Share of bone of the complete skull, by whatever is known beyond ``self.complete``.
            skull: The skull.
            alignment: From the model's space to it.
        """
        added = without_specks((complete >= 0.5) & (self.bone < 0.5), float(np.prod(self.grid.spacing)))
        return [self.grid.box(added, skull, alignment)] if added.any() else []
