"""From slices at any positions to a volume with right angles and even spacing.

A head CT may be acquired with a tilted gantry, so that each slice is shifted a little against the one below; and older
protocols scan the base in thin and the vault in thick slices. Both are interpolated to a rectangular, even grid, as in
Slicer. Missing slices are not filled in, since nothing is known about them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_formats.stored_volume import allocated, check_extent, check_memory

AIR_HU = -1024
"""Value of everything outside the slices."""
SAME_POSITION_MM = 0.01
"""Slices that are closer than this have the same position."""
_EVEN = 0.05  # Gaps that differ by less than this fraction of the usual one are even, since headers round positions.
_STRAIGHT = 0.25  # Shifts of less than this many pixels are none.
_CLOSE, _MOST_CLOSE = 0.1, 3  # Where two blocks overlap, so many gaps may be below this fraction of those beside them.
_MOST_GAP_MM = 20.0
_MOST_TILT_DEG = 45.0  # Gantries reach 30°.
_MOST_JUMP_MM = 5.0  # A tilted gantry shifts all slices evenly; a jump beyond this is an error.
_WIDE = 1.5  # A slice is missing in a gap wider than the usual one by this factor, unless the slices are as thick.


@dataclass(frozen=True, eq=False)
class SliceStack:
    """Parallel slices in the order of their positions along the normal.

    Args:
        values: Hounsfield units of each slice, all of shape (I, J).
        positions: Center of the first pixel of each slice, RAS mm, shape (K, 3).
        directions: RAS unit vectors in which the first and the second index of a slice increase, shape (2, 3).
        spacing: Distance between pixels along both directions, in mm.
        thickness: Nominal thickness of the slices in mm, 0 if unknown.
    """

    values: Sequence[np.ndarray]
    positions: np.ndarray
    directions: np.ndarray
    spacing: tuple[float, float]
    thickness: float

    @cached_property
    def normal(self) -> np.ndarray:
        """RAS unit vector perpendicular to the slices, toward the last one, shape (3,)."""
        normal = np.cross(*self.directions)
        normal = normal / np.linalg.norm(normal)
        return normal if (self.positions[-1] - self.positions[0]) @ normal >= 0 else -normal

    @cached_property
    def heights(self) -> np.ndarray:
        """Position of each slice along the normal, relative to the first, in mm, shape (K,)."""
        return (self.positions - self.positions[0]) @ self.normal

    @cached_property
    def shifts(self) -> np.ndarray:
        """Shift of each slice in its plane relative to the first, in pixels, shape (K, 2)."""
        return (self.positions - self.positions[0]) @ self.directions.T / self.spacing

    @property
    def tilt_deg(self) -> float:
        """Tilt of the gantry: the angle between the normal and the line through the first pixels, in degrees."""
        return float(np.degrees(np.arctan2(np.linalg.norm(self.shifts[-1] * self.spacing), self.heights[-1])))


def volume_of(stack: SliceStack) -> tuple[Volume, list[str]]:
    """Return the volume of a stack, and what was changed, as sentences for the user.

    Raises:
        InputError: If slices are missing, two have the same position, or they do not lie on one another as in a scan.
    """
    gaps = np.diff(stack.heights)
    usual = float(np.median(gaps))
    _check_gaps(gaps, usual, stack.thickness)
    _check_places(stack)
    warnings = []
    straight = np.abs(stack.shifts).max() <= _STRAIGHT
    even = np.abs(gaps - usual).max() <= _EVEN * usual
    if not straight:
        warnings.append(
            f"The gantry was tilted by {stack.tilt_deg:.1f}°; the slices were shifted to a rectangular grid, which all "
            "results use."
        )
    if not even:
        warnings.append(
            f"The slices are {gaps.min():.2g} to {gaps.max():.2g} mm apart; they were interpolated to even slices, "
            "which all results use."
        )
    if straight and even:
        step, voxels, first = stack.heights[-1] / len(gaps), np.stack(stack.values), np.zeros(2)
    else:
        step = usual if even else float(gaps[~_close(gaps)].min())
        voxels, first = _resampled(stack, step)
    affine = np.eye(4)
    affine[:3, :2] = stack.directions.T * stack.spacing
    affine[:3, 2] = stack.normal * step
    affine[:3, 3] = stack.positions[0] + affine[:3, :2] @ first
    return Volume(voxels.transpose(1, 2, 0), affine), warnings


def _check_gaps(gaps: np.ndarray, usual: float, thickness: float) -> None:
    """Raise InputError if slices are missing, or in the same position."""
    if gaps.min() < SAME_POSITION_MM or np.count_nonzero(_close(gaps)) > _MOST_CLOSE:
        raise InputError(
            "Several slices have the same position, or almost; export a single reconstruction, without other phases."
        )
    if usual > _MOST_GAP_MM:
        raise InputError(f"The slices are {usual:.0f} mm apart, too far for a scan of a head; export the whole series.")
    widest = int(gaps.argmax())
    if gaps[widest] > max(_WIDE * usual, 1.25 * thickness):
        raise InputError(
            f"Slices are missing: slices {widest + 1} and {widest + 2} of {len(gaps) + 1} are {gaps[widest]:.1f} mm "
            f"apart, others {usual:.1f} mm; export the whole series."
        )


def _close(gaps: np.ndarray) -> np.ndarray:
    """Return which gaps are much narrower than those on both sides of them."""
    around = np.r_[gaps[1], gaps, gaps[-2]]
    return gaps < _CLOSE * np.minimum(around[:-2], around[2:])


def _check_places(stack: SliceStack) -> None:
    """Raise InputError if the slices do not lie on one another, or reach farther than a body."""
    shifts, heights = stack.shifts * stack.spacing, stack.heights
    weights = ((heights[1:-1] - heights[:-2]) / (heights[2:] - heights[:-2]))[:, None]
    jumps = np.linalg.norm(shifts[1:-1] - (1 - weights) * shifts[:-2] - weights * shifts[2:], axis=1)
    if jumps.size and jumps.max() > _MOST_JUMP_MM:
        raise InputError(
            f"Slice {int(jumps.argmax()) + 2} of {len(heights)} lies {jumps.max():.0f} mm beside its neighbors; check "
            "its ImagePositionPatient, or export the series again."
        )
    if stack.tilt_deg > _MOST_TILT_DEG:
        raise InputError(
            f"The slices are tilted by {stack.tilt_deg:.0f}°, which no gantry is; export the series again."
        )
    extents = np.array(stack.values[0].shape) * stack.spacing + np.ptp(shifts, axis=0)
    check_extent("The series", float(max(*extents, heights[-1])))


def _resampled(stack: SliceStack, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Interpolate a stack to unshifted slices that are ``step`` mm apart.

    Returns:
        The slices, shape (K, I, J), and the position of their first pixel in pixels of the first slice, shape (2,).
    """
    low = np.floor(stack.shifts.min(axis=0))
    size = [int(n) for n in stack.values[0].shape + np.ceil(stack.shifts.max(axis=0)) - low]
    heights = np.arange(0, stack.heights[-1] + 1e-3, step)
    after = np.clip(np.searchsorted(stack.heights, heights), 1, len(stack.heights) - 1)
    weights = (heights - stack.heights[after - 1]) / (stack.heights[after] - stack.heights[after - 1])
    kind = np.result_type(*{one.dtype for one in stack.values})
    shape = (*size[::-1], len(heights))
    check_memory("The straightened series", shape, kind.itemsize)
    voxels = allocated("the straightened series", shape, kind).T
    placed: dict[int, np.ndarray] = {}
    for k, (index, weight) in enumerate(zip(after, weights, strict=True)):
        placed = {i: placed[i] if i in placed else _placed(stack, i, low, size) for i in (index - 1, index)}
        values = (1 - weight) * placed[index - 1] + weight * placed[index]
        voxels[k] = np.rint(values) if kind == np.int16 else values
    return voxels, low


def _placed(stack: SliceStack, index: int, low: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """Return a slice with its shift removed, surrounded by air, float32."""
    values = stack.values[index].astype(np.float32)
    offset = low - stack.shifts[index]
    return ndimage.affine_transform(values, np.eye(2), offset, tuple(size), order=1, cval=AIR_HU)
