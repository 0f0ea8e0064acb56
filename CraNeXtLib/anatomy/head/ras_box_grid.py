"""A grid along the patient's axes: a box of voxels in RAS millimeters around the skull."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from CraNeXtLib.geometry.affine import apply_affine
from CraNeXtLib.geometry.box import Box, box_around, corner_indices, foreground_box
from CraNeXtLib.geometry.resampling import resample, resampled_occupancy
from CraNeXtLib.geometry.volume import Volume

_MARGIN_MM = 10.0
# A defect 120 mm across in a vault of 80 mm radius lowers the top of the skull by 27 mm.
_VERTEX_MARGIN_MM = 25.0


@dataclass(frozen=True, eq=False)
class RasBoxGrid:
    """A box of voxels along R, A and S that belongs to one skull.

    It corrects what the published preprocessing (:class:`CraNeXtLib.anatomy.head.official_grid.OfficialGrid`) gets
    wrong: the axes are the patient's even where the scanner's are tilted, margins are in millimeters whatever the
    spacing, and values are restored by linear interpolation instead of in blocks.

    Args:
        skull: The defective skull, a mask of shape (I, J, K).
        shape: Number of voxels along R, A and S.
        low: Lowest R, A and S of the box, in mm, shape (3,).
        size: Lengths of the box along R, A and S, in mm, shape (3,).
    """

    skull: Volume
    shape: tuple[int, int, int]
    low: np.ndarray
    size: np.ndarray

    @cached_property
    def affine(self) -> np.ndarray:
        """4×4 matrix from the grid's indices to RAS mm."""
        spacing = self.size / self.shape
        affine = np.diag([*spacing, 1.0])
        affine[:3, 3] = self.low + spacing / 2
        affine.flags.writeable = False
        return affine

    @property
    def spacing(self) -> np.ndarray:
        """Distance between the grid's voxel centers along R, A and S, in mm."""
        return np.diag(self.affine)[:3].copy()

    def sample(self, volume: Volume) -> np.ndarray:
        """Resample a mask to the grid as the occupancy of each grid voxel, 0 to 1, float32."""
        return resampled_occupancy(volume, self.affine, self.shape)

    def restore(self, values: np.ndarray, box: Box | None = None) -> np.ndarray:
        """Interpolate values on the grid at the centers of the skull's voxels; 0 outside the grid."""
        target = self.skull if box is None else self.skull.crop(box)
        return resample(values, np.linalg.inv(self.affine) @ target.affine, target.shape)

    def box(self, mask: np.ndarray) -> Box:
        """Return the box of the skull's voxels that contains the true voxels of a mask on the grid.

        Raises:
            InputError: If the mask is empty.
        """
        corners = apply_affine(self.affine, corner_indices(foreground_box(mask, margin=1)))
        return box_around(self.skull.to_indices(corners), self.skull.shape)


def around_skull(skull: Volume, shape: tuple[int, int, int]) -> RasBoxGrid:
    """Return a grid around a whole skull, with 10 mm of free space on every side and 25 mm above.

    The extra space above is for a missing vertex, which lies higher than the highest remaining bone.

    Args:
        skull: The defective skull, a mask of shape (I, J, K).
        shape: Number of voxels along R, A and S.

    Raises:
        InputError: If the mask is empty.
    """
    low, high = _ras_extent(skull)
    low = low - _MARGIN_MM
    high = high + np.array((_MARGIN_MM, _MARGIN_MM, _VERTEX_MARGIN_MM))
    return RasBoxGrid(skull, shape, low, high - low)


def _ras_extent(volume: Volume) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest R, A and S of a mask's voxels, including their own size, in mm."""
    part = volume.crop(foreground_box(volume.voxels != 0))
    mask = part.voxels != 0
    # R, A and S change linearly along a column of voxels, so their extremes lie at its first and last true voxel.
    i, j = np.nonzero(mask.any(axis=2))
    columns = mask[i, j]
    first, last = columns.argmax(axis=1), mask.shape[2] - 1 - columns[:, ::-1].argmax(axis=1)
    points = np.concatenate([part.to_ras(np.stack([i, j, k], axis=1)) for k in (first, last)])
    half_voxel = np.abs(volume.affine[:3, :3]).sum(axis=1) / 2
    return points.min(axis=0) - half_voxel, points.max(axis=0) + half_voxel
