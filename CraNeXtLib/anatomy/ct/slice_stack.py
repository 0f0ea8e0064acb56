"""From slices, wherever they lie, to a volume with right angles and even spacing.

A head CT may be made with a tilted gantry, each slice then lies a little further to the front or back than the one
below; and older protocols take the base in thin and the vault in thick slices. Both are interpolated to a straight,
even grid, as Slicer does on loading; missing slices are not, since nobody knows what they showed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume

AIR_HU = -1024
_EVEN = 0.05  # of the distance between slices; headers round positions
_STRAIGHT = 0.25  # of a pixel
_WIDE = 1.5  # a gap that much wider than the usual one misses a slice, unless its slices are as thick


@dataclass(frozen=True, eq=False)
class SliceStack:
    """Slices in the order of their normal.

    Args:
        values: Of each slice, all of shape (I, J), in Hounsfield units.
        positions: RAS of the center of each slice's first pixel, mm, shape (K, 3).
        directions: RAS unit vectors in which the first and the second index of a slice grow, shape (2, 3).
        spacing: Distance between pixels along both, in mm.
        thickness: Nominal thickness of the slices in mm, 0 if unknown.
    """

    values: Sequence[np.ndarray]
    positions: np.ndarray
    directions: np.ndarray
    spacing: tuple[float, float]
    thickness: float

    @cached_property
    def normal(self) -> np.ndarray:
        """RAS unit vector across the slices, towards the last one."""
        normal = np.cross(*self.directions)
        normal = normal / np.linalg.norm(normal)
        return normal if (self.positions[-1] - self.positions[0]) @ normal >= 0 else -normal

    @cached_property
    def heights(self) -> np.ndarray:
        """Place of each slice along the normal, from the first, mm, shape (K,)."""
        return (self.positions - self.positions[0]) @ self.normal

    @cached_property
    def shifts(self) -> np.ndarray:
        """By how many pixels each slice is shifted in its plane against the first, shape (K, 2)."""
        return (self.positions - self.positions[0]) @ self.directions.T / self.spacing

    @property
    def tilt_deg(self) -> float:
        """Angle between the normal and the line through the slices' first pixels: the gantry's tilt."""
        return float(np.degrees(np.arctan2(np.linalg.norm(self.shifts[-1] * self.spacing), self.heights[-1])))


def volume_of(stack: SliceStack) -> tuple[Volume, list[str]]:
    """Return the volume of a stack, and what had to be changed, as sentences.

    Raises:
        InputError: If slices are missing, or two lie in one place.
    """
    gaps = np.diff(stack.heights)
    usual = float(np.median(gaps))
    _check_gaps(stack, gaps, usual)
    notes = []
    straight = np.abs(stack.shifts).max() <= _STRAIGHT
    even = np.abs(gaps - usual).max() <= _EVEN * usual
    if not straight:
        notes.append(
            f"The gantry was tilted by {stack.tilt_deg:.1f}°; the slices were shifted to a grid with right angles, "
            "in which all results lie."
        )
    if not even:
        notes.append(
            f"The slices are {gaps.min():.2g} to {gaps.max():.2g} mm apart; they were interpolated to even slices, in "
            "which all results lie."
        )
    if straight and even:
        step, voxels, first = stack.heights[-1] / len(gaps), np.stack(stack.values), np.zeros(2)
    else:
        step = usual if even else float(gaps.min())
        voxels, first = _resampled(stack, step)
    affine = np.eye(4)
    affine[:3, :2] = stack.directions.T * stack.spacing
    affine[:3, 2] = stack.normal * step
    affine[:3, 3] = stack.positions[0] + affine[:3, :2] @ first
    return Volume(voxels.transpose(1, 2, 0), affine), notes


def _check_gaps(stack: SliceStack, gaps: np.ndarray, usual: float) -> None:
    if usual <= 0 or gaps.min() < 0.1 * usual:
        raise InputError("Several slices lie in one place; export one reconstruction alone, without other phases.")
    widest = int(gaps.argmax())
    if gaps[widest] > max(_WIDE * usual, 1.25 * stack.thickness):
        raise InputError(
            f"Slices are missing: {gaps[widest]:.1f} mm lie between slices {widest + 1} and {widest + 2} of "
            f"{len(gaps) + 1}, elsewhere {usual:.1f} mm; export the whole series."
        )


def _resampled(stack: SliceStack, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Interpolate to slices without shift, ``step`` mm apart.

    Returns:
        The slices, shape (K, I, J), and the first pixel of each in pixels of the first slice, shape (2,).
    """
    low = np.floor(stack.shifts.min(axis=0))
    size = np.array(stack.values[0].shape) + (np.ceil(stack.shifts.max(axis=0)) - low).astype(int)
    heights = np.arange(0, stack.heights[-1] + 1e-3, step)
    after = np.clip(np.searchsorted(stack.heights, heights), 1, len(stack.heights) - 1)
    weights = (heights - stack.heights[after - 1]) / (stack.heights[after] - stack.heights[after - 1])
    kind = stack.values[0].dtype
    voxels = np.empty((len(heights), *size), kind)
    placed: dict[int, np.ndarray] = {}
    for k, (index, weight) in enumerate(zip(after, weights, strict=True)):
        placed = {i: placed[i] if i in placed else _placed(stack, i, low, size) for i in (index - 1, index)}
        values = (1 - weight) * placed[index - 1] + weight * placed[index]
        voxels[k] = np.rint(values) if kind == np.int16 else values
    return voxels, low


def _placed(stack: SliceStack, index: int, low: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return a slice moved by its shift, float32, air around it."""
    values = stack.values[index].astype(np.float32)
    offset = low - stack.shifts[index]
    return ndimage.affine_transform(values, np.eye(2), offset, tuple(size), order=1, cval=AIR_HU)
