"""Signed distance fields on a fine grid around one piece of an implant, whose third axis points out of the head.

A field is a :class:`Volume` of type float32, in mm, negative inside. A piece is inserted along the third axis of its
grid, so that a running maximum finds what would collide. Surfaces lie between voxels: their positions come from a
smoothed mask instead of its staircase.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.box import box_around, foreground_box
from CraNeXtLib.geometry.reslicing import reslice
from CraNeXtLib.geometry.volume import Volume

# Spacing of the finest and the coarsest grid; between them it is three quarters of the mask's finest voxel spacing.
STEP_MM = (0.5, 0.8)
MOST_VOXELS = 16e6
FAR_MM = 1e3  # distance where nothing is inside

# Standard deviation of each of two blurs, in voxels. A larger one would shorten plates three voxels thick.
BLUR_VOXELS = 0.7
_ROUNDS = 2
_NEIGHBOR = np.float32(np.exp(-0.5 / BLUR_VOXELS**2) / (1 + 2 * np.exp(-0.5 / BLUR_VOXELS**2)))  # weight in the blur
_SLAB = 32  # planes that are smoothed at a time, to stay in the processor's cache
_CUT_OFF = np.float32(np.sqrt(_ROUNDS * np.pi / 2) * BLUR_VOXELS)  # gives the blurred step a slope of 1
_NEAREST = np.float32(0.1)  # least distance of a voxel's center from the surface, in voxels

# Up to this distance, in voxels, the surface is treated as the plane through its nearest point.
_NEAR_SURFACE = 2.0


def aligned_grid(points: np.ndarray, outward: np.ndarray, *, margin_mm: float, step_mm: float) -> Volume:
    """Return an empty field around points, with its third axis pointing outward.

    Args:
        points: RAS mm, shape (N, 3).
        outward: RAS direction of the third axis, shape (3,).
        margin_mm: Margin around the points.
        step_mm: Voxel spacing, increased if the grid would have more than ``MOST_VOXELS``.
    """
    axes = axes_toward(outward)
    points = points @ axes
    low, high = points.min(axis=0) - margin_mm, points.max(axis=0) + margin_mm
    step_mm = max(step_mm, float((np.prod(high - low) / MOST_VOXELS) ** (1 / 3)))
    shape = np.ceil((high - low) / step_mm).astype(int) + 1
    affine = np.eye(4)
    affine[:3, :3] = axes * step_mm
    affine[:3, 3] = axes @ low
    return Volume(np.zeros(shape, np.float32), affine)


def fine_step_mm(mask: Volume) -> float:
    """Return the spacing, within ``STEP_MM``, of a grid that preserves the details of a mask."""
    return float(np.clip(0.75 * mask.spacing.min(), *STEP_MM))


def span_of(mask: Volume) -> np.ndarray:
    """Return points with the extent of a mask, in RAS mm, shape (N, 3): both ends of each of its rows of voxels."""
    box = foreground_box(mask.voxels != 0)
    part = mask.voxels[box] != 0
    first = part.argmax(axis=2)
    last = part.shape[2] - 1 - part[..., ::-1].argmax(axis=2)
    rows = np.argwhere(part.any(axis=2))
    ends = [np.column_stack([rows, depth[tuple(rows.T)]]) for depth in (first, last)]
    return mask.to_ras(np.concatenate(ends) + [side.start for side in box])


def axes_toward(direction: np.ndarray) -> np.ndarray:
    """Return a right-handed orthonormal 3×3 matrix whose third column is the direction; the others are arbitrary.

    >>> axes_toward(np.array([0.0, 0.0, 2.0]))[:, 2].tolist()
    [0.0, 0.0, 1.0]
    """
    last = np.asarray(direction, dtype=float) / np.linalg.norm(direction)
    first = np.cross(np.eye(3)[np.argmin(np.abs(last))], last)
    first /= np.linalg.norm(first)
    return np.column_stack([first, np.cross(last, first), last])


def field_of(mask: Volume, grid: Volume, *, whole: bool = False) -> Volume:
    """Return a field of a mask on a grid: approximate distances in mm near its surface, only the sign farther away.

    Args:
        mask: The mask; nothing is inside beyond its volume.
        grid: Any field of the grid.
        whole: Keep even single voxels of the mask that would fall between those of the grid, as needed for obstacles.
    """
    part = mask.crop(box_around(mask.to_indices(grid.corners), mask.shape, margin=3))
    fine = without_stairs(np.pad(part.voxels != 0, 2))
    to_part = np.linalg.inv(part.affine) @ grid.affine
    to_padded = to_part + np.pad(np.full((3, 1), 2.0), ((0, 1), (3, 0)))
    field = reslice(fine, to_padded, grid.shape, outside=float(_CUT_OFF))
    if whole:
        edge = np.argwhere((fine < 0) & (fine > -0.5)) - 2  # deeper voxels cannot fall between
        indices = np.linalg.solve(to_part[:3, :3], (edge - to_part[:3, 3]).T)
        missed = ndimage.map_coordinates(field, indices, order=1, cval=-1.0, prefilter=False) >= 0
        field[tuple(np.rint(indices[:, missed]).astype(int))] = -_NEAREST
    return grid.with_voxels(field * np.float32(mask.spacing.mean()))


def without_stairs(mask: np.ndarray) -> np.ndarray:
    """Return a field of a mask with a smooth zero level that keeps the center of every voxel on its own side.

    Blurring alternates with restoring the side of each center. This flattens the staircase between the centers, like
    Whitaker's constrained level sets (2000), but loses neither thin plates nor single voxels.

    Args:
        mask: Boolean array of shape (I, J, K).

    Returns:
        float32 array of the same shape: approximate distance from the surface in voxels, negative inside, limited to
        about one voxel.
    """
    result = np.empty(mask.shape, np.float32)
    for first in range(0, len(mask), _SLAB):
        before = max(first - _ROUNDS, 0)  # Each blur reaches one plane farther.
        sign = np.where(mask[before : first + _SLAB + _ROUNDS], np.float32(-1), np.float32(1))
        outside = sign * _CUT_OFF
        for _ in range(_ROUNDS):
            _blur(outside)
            outside *= sign
            np.maximum(outside, _NEAREST, out=outside)
            outside *= sign
        result[first : first + _SLAB] = outside[first - before :][:_SLAB]
    return result


def _blur(values: np.ndarray) -> None:
    """Apply a Gaussian filter of three voxels in place, as SciPy's does with ``mode="nearest"``, in half its time."""
    for axis in range(3):
        along = np.moveaxis(values, axis, 0)
        flow = (along[1:] - along[:-1]) * _NEIGHBOR
        along[:-1] += flow
        along[1:] -= flow


def distance(field: Volume) -> Volume:
    """Return the distance of each voxel from the surface of a field: exact outside, only approximate inside.

    A Euclidean feature transform (Maurer 2003) finds the nearest voxel inside. The distance is measured to the surface
    next to it, located by the gradient of the field, so that the result has no steps like a transform of the mask. If
    nothing is inside, every distance is ``FAR_MM``.
    """
    values, step = field.voxels, float(field.spacing[0])
    inside = values < 0
    if not inside.any():
        return field.with_voxels(np.full(field.shape, FAR_MM, np.float32))
    if inside.all():
        return field.with_voxels(np.full(field.shape, -FAR_MM, np.float32))
    seeds = inside & ndimage.binary_dilation(~inside, np.ones((3, 3, 3)))
    shift, normal = _to_surface(values, seeds, step)
    nearest = ndimage.distance_transform_edt(~seeds, return_distances=False, return_indices=True)
    number = np.zeros(field.shape, np.int32)
    number[seeds] = np.arange(len(shift))
    which = number[tuple(nearest)]
    squared = np.zeros(field.shape, np.float32)
    for axis in range(3):
        squared += (_indices(field, axis) - nearest[axis] - shift[which, axis]) ** 2
    close = squared < _NEAR_SURFACE**2
    result = np.sqrt(squared, out=squared)
    # Close to the surface, its nearest point is on the plane through the point found rather than that point itself.
    indices, which = np.argwhere(close), which[close]
    offset = indices - np.column_stack([axis[close] for axis in nearest]) - shift[which]
    result[close] = np.abs(np.einsum("ij,ij->i", offset, normal[which]))
    result[inside] *= -1
    return field.with_voxels(result * np.float32(step))


def _indices(field: Volume, axis: int) -> np.ndarray:
    """Return the indices along one axis, in a shape that broadcasts over the other two."""
    return np.arange(field.shape[axis], dtype=np.float32).reshape([-1 if a == axis else 1 for a in range(3)])


def _to_surface(values: np.ndarray, seeds: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the offset from each seed to the zero level of a field, at most a voxel's diagonal, and the unit normal.

    Both are in voxels, of shape (N, 3).
    """
    indices = np.argwhere(seeds)
    last = np.array(values.shape) - 1
    slope = np.empty(indices.shape, np.float32)
    for axis in range(3):
        ahead, behind = indices.copy(), indices.copy()
        ahead[:, axis] = np.minimum(ahead[:, axis] + 1, last[axis])
        behind[:, axis] = np.maximum(behind[:, axis] - 1, 0)
        across = np.maximum(ahead[:, axis] - behind[:, axis], 1)
        slope[:, axis] = (values[tuple(ahead.T)] - values[tuple(behind.T)]) / across
    steepness = np.linalg.norm(slope, axis=1)
    normal = slope / np.maximum(steepness, 1e-9)[:, None]
    steepness = np.maximum(steepness, 0.5 * step)  # the slope vanishes on the ridge of a thin plate
    length = np.minimum(-values[seeds] / steepness, np.sqrt(3))
    for _ in range(2):
        feet = (indices + normal * length[:, None]).T
        rest = ndimage.map_coordinates(values, feet, order=1, mode="nearest", prefilter=False)
        length = np.clip(length - rest / steepness, 0, np.sqrt(3))
    return normal * length[:, None], normal
