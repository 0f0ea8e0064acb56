"""The way from a skull's voxels to the network's grid, and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.anatomy.head.official_grid import NETWORK_SHAPE, OfficialGrid
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.affine import apply_affine
from CraNeXtLib.geometry.box import Box, box_around, corner_indices, foreground_box
from CraNeXtLib.geometry.resampling import resample, share_of_voxels
from CraNeXtLib.geometry.volume import Volume

_VAULT_FIELD_MM = (180.0, 216.0, 144.0)
_VAULT_SIDE_MARGIN_MM = 8.0
_VAULT_VERTEX_MARGIN_MM = 25.0


@dataclass(frozen=True, eq=False)
class RasBoxGrid:
    """A box of RAS directions around the skull, in millimetres.

    It mends what the published preprocessing gets wrong (:class:`OfficialGrid`): the axes are the patient's also where
    the scanner's are tilted; the margin is in mm, whatever the spacing, and wider above, since the top of a skull whose
    vertex is missing lies above its highest remaining bone; values come back by linear interpolation, not in blocks.

    Args:
        skull: The defective skull, a mask of shape (I, J, K).
        shape: Voxels of the grid along R, A and S.
        margin_mm: Free space on every side.
        vertex_margin_mm: Free space above. A defect of 120 mm across a vault of 80 mm radius lowers the top by 27 mm.

    Raises:
        InputError: If the mask is empty.
    """

    skull: Volume
    shape: tuple[int, int, int] = NETWORK_SHAPE
    margin_mm: float = 10.0
    vertex_margin_mm: float = 25.0
    affine: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        low, high = _ras_extent(self.skull)
        low = low - self.margin_mm
        high = high + np.array((self.margin_mm, self.margin_mm, self.vertex_margin_mm))
        spacing = (high - low) / self.shape
        affine = np.diag([*spacing, 1.0])
        affine[:3, 3] = low + spacing / 2
        affine.flags.writeable = False
        object.__setattr__(self, "affine", affine)

    @property
    def spacing(self) -> np.ndarray:
        """Distance between the grid's voxel centers along R, A and S, in mm."""
        return np.diag(self.affine)[:3].copy()

    def sample(self, volume: Volume) -> np.ndarray:
        """Bring a mask to the grid as the share of each grid voxel that it fills."""
        return share_of_voxels(volume, self.affine, self.shape)

    def restore(self, values: np.ndarray, box: Box | None = None) -> np.ndarray:
        """Interpolate values on the grid at the centers of the skull's voxels; 0 outside the grid."""
        target = self.skull if box is None else self.skull.crop(box)
        return resample(values, np.linalg.inv(self.affine) @ target.affine, target.shape)

    def box(self, mask: np.ndarray) -> Box:
        """Return the box of the skull's voxels that holds the true voxels of a mask on the grid.

        Raises:
            InputError: If the mask is empty.
        """
        corners = apply_affine(self.affine, corner_indices(foreground_box(mask, margin=1)))
        return box_around(self.skull.to_indices(corners), self.skull.shape)


@dataclass(frozen=True, eq=False)
class VaultGrid(RasBoxGrid):
    """A box of 180 × 216 × 144 mm around the vault, so that a millimetre is as many voxels in every skull.

    Cranial defects lie in the vault, and scans end at any level of the face or neck below it: a box that is placed from
    the vertex downwards spends its voxels where the implant is, and looks alike for every field of view. It grows, in
    proportion, around a skull that is wider or longer. The room above is for a missing vertex, as in ``RasBoxGrid``.

    Args:
        skull: The defective skull, a mask of shape (I, J, K).
        shape: Voxels of the grid along R, A and S; (80, 96, 64) makes them 2.25 mm.

    Raises:
        InputError: If the mask is empty or nearly so.
    """

    def __post_init__(self) -> None:
        frame = skull_frame(self.skull)
        field = np.array(_VAULT_FIELD_MM)
        needed = np.array((frame.width, frame.length)) + 2 * _VAULT_SIDE_MARGIN_MM
        field *= max(1.0, *(needed / field[:2]))
        spacing = field / self.shape
        low = np.array((*frame.center[:2], frame.vertex + _VAULT_VERTEX_MARGIN_MM - field[2] / 2)) - field / 2
        affine = np.diag([*spacing, 1.0])
        affine[:3, 3] = low + spacing / 2
        affine.flags.writeable = False
        object.__setattr__(self, "affine", affine)


def make_grid(
    name: Literal["default", "official", "vault"], skull: Volume, shape: tuple[int, int, int] = NETWORK_SHAPE
) -> RasBoxGrid | OfficialGrid:
    """Return the grid of that name around a defective skull.

    Raises:
        InputError: If the name is unknown or the skull empty.
    """
    grids = {"default": RasBoxGrid, "official": OfficialGrid, "vault": VaultGrid}
    if name not in grids:
        raise InputError(f"There is no grid '{name}'; choose one of: {', '.join(grids)}.")
    return grids[name](skull, tuple(shape))


def _ras_extent(volume: Volume) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest R, A, S in mm of a mask's voxels, their own size included."""
    box = foreground_box(volume.voxels != 0)
    part = volume.crop(box)
    mask = part.voxels != 0
    # R, A and S change linearly along a column of voxels, so that their extremes lie at its first and last true voxel.
    i, j = np.nonzero(mask.any(axis=2))
    columns = mask[i, j]
    first, last = columns.argmax(axis=1), mask.shape[2] - 1 - columns[:, ::-1].argmax(axis=1)
    points = np.concatenate([part.to_ras(np.stack([i, j, k], axis=1)) for k in (first, last)])
    half_voxel = np.abs(volume.affine[:3, :3]).sum(axis=1) / 2
    return points.min(axis=0) - half_voxel, points.max(axis=0) + half_voxel
