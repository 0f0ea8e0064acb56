"""A grid of constant size around the vault of a skull, for models that leave the face out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CraNeXtLib.grid import DefaultGrid
from CraNeXtLib.head.skull_frame import skull_frame

FIELD_MM = (180.0, 216.0, 144.0)
SIDE_MARGIN_MM = 8.0
VERTEX_MARGIN_MM = 25.0


@dataclass(frozen=True, eq=False)
class VaultGrid(DefaultGrid):
    """A box of 180 × 216 × 144 mm around the vault, so that a millimetre is as many voxels in every skull.

    Cranial defects lie in the vault, and scans end at any level of the face or neck below it: a box that is placed from
    the vertex downwards spends its voxels where the implant is, and looks alike for every field of view. It grows, in
    proportion, around a skull that is wider or longer. The room above is for a missing vertex, as in ``DefaultGrid``.

    Args:
        skull: The defective skull, a mask of shape (I, J, K).
        shape: Voxels of the grid along R, A and S; (80, 96, 64) makes them 2.25 mm.

    Raises:
        InputError: If the mask is empty or nearly so.
    """

    def __post_init__(self) -> None:
        frame = skull_frame(self.skull)
        field = np.array(FIELD_MM)
        needed = np.array((frame.width, frame.length)) + 2 * SIDE_MARGIN_MM
        field *= max(1.0, *(needed / field[:2]))
        spacing = field / self.shape
        low = np.array((*frame.centre[:2], frame.vertex + VERTEX_MARGIN_MM - field[2] / 2)) - field / 2
        affine = np.diag([*spacing, 1.0])
        affine[:3, 3] = low + spacing / 2
        affine.flags.writeable = False
        object.__setattr__(self, "affine", affine)
