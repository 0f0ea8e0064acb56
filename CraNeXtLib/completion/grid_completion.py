"""A skull that a network completed, on a grid in the space of the shape model."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from CraNeXtLib.anatomy.head.alignment import Alignment
from CraNeXtLib.anatomy.head.model_space_grid import ModelSpaceGrid
from CraNeXtLib.geometry.box import Box
from CraNeXtLib.geometry.components import without_specks
from CraNeXtLib.geometry.volume import Volume

_FLOOR_LAYERS = 2
"""Bone in so many of the lowest layers may go on below the grid."""
_FADE_MM = 18.0
"""Height over which a completion fades into that of a deeper grid."""


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

    def above(self, deeper: GridCompletion) -> GridCompletion:
        """Return the completion on a deepened grid, with this one where both describe the head, but for its lower end.

        Args:
            deeper: The completion on ``grid.deepened``.
        """
        layers = self.grid.shape[2]
        heights = (np.arange(layers, dtype=np.float32) + 0.5) * np.float32(self.grid.spacing[2])
        complete = deeper.complete.copy()
        complete[..., -layers:] += np.minimum(heights / _FADE_MM, 1) * (self.complete - complete[..., -layers:])
        return replace(deeper, complete=complete)

    @property
    def adds_at_floor(self) -> bool:
        """Whether bone is added at the lower end of the grid, so that more of it may be missing below."""
        return bool(self._added(self.complete)[..., :_FLOOR_LAYERS].any())

    def added_boxes(self, complete: np.ndarray, skull: Volume, alignment: Alignment) -> list[Box]:
        """Return the box of the skull's voxels that holds all added bone, in a list that is empty if none is added.

        Args:
            complete: Occupancy of the complete skull on the grid; a caller may know more than ``self.complete``.
            skull: The skull.
            alignment: From the model's space to the skull.
        """
        added = self._added(complete)
        return [self.grid.box(added, skull, alignment)] if added.any() else []

    def _added(self, complete: np.ndarray) -> np.ndarray:
        return without_specks((complete >= 0.5) & (self.bone < 0.5), float(np.prod(self.grid.spacing)))
