"""The network's grid: the voxels a network sees, and the way from a skull's own voxels to them and back."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import TYPE_CHECKING, Literal, Protocol

from CraNeXtLib.core.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from CraNeXtLib.anatomy.head.official_grid import OfficialGrid
    from CraNeXtLib.anatomy.head.ras_box_grid import RasBoxGrid
    from CraNeXtLib.geometry.box import Box
    from CraNeXtLib.geometry.volume import Volume

NETWORK_SHAPE = (176, 224, 144)
"""Voxels from left to right, posterior to anterior, inferior to superior (paper, section V)."""

GRIDS = {
    "default": "CraNeXtLib.anatomy.head.ras_box_grid:around_skull",
    "official": "CraNeXtLib.anatomy.head.official_grid:OfficialGrid",
    "vault": "CraNeXtLib.anatomy.head.vault_grid:around_vault",
}
"""What makes the grid of each name from a skull and a shape."""


class Grid(Protocol):
    """What every grid offers. A grid belongs to one defective skull and never changes."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along R, A and S."""

    def sample(self, volume: Volume) -> np.ndarray:
        """Resample a mask of the skull's geometry to the grid: occupancy, 0 to 1, float32 of the grid's shape."""

    def restore(self, values: np.ndarray, box: Box | None = None) -> np.ndarray:
        """Resample values on the grid to the skull's voxels, or to a box of them: float32."""

    def box(self, mask: np.ndarray) -> Box:
        """Return the box of the skull's voxels that contains a mask on the grid."""


def make_grid(
    name: Literal["default", "official", "vault"], skull: Volume, shape: tuple[int, int, int] = NETWORK_SHAPE
) -> RasBoxGrid | OfficialGrid:
    """Return the grid with the given name for a defective skull.

    Args:
        name: A name in ``GRIDS``. ``"official"`` is the published preprocessing; ``"default"`` corrects its errors, see
            :class:`CraNeXtLib.anatomy.head.ras_box_grid.RasBoxGrid`; ``"vault"`` has the same spacing for every skull.
        skull: Mask of the defective skull.
        shape: Number of voxels along R, A and S.

    Raises:
        InputError: If the name is unknown or the skull is empty.
    """
    if name not in GRIDS:
        raise InputError(f"There is no grid '{name}'; choose one of: {', '.join(GRIDS)}.")
    grid: RasBoxGrid | OfficialGrid = resolve_name(GRIDS[name])(skull, tuple(shape))
    return grid
