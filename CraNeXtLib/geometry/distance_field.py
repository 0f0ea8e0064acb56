"""Signed distance fields on a fine grid around one piece of an implant, whose third axis points out of the head.

A field is a :class:`Volume` of type float32, in mm, negative inside. A piece is inserted along the third axis of its
grid, so that a running maximum finds what would collide. Surfaces lie between voxels: their positions come from a
smoothed mask instead of its staircase.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.box import box_around, foreground_box
from CraNeXtLib.geometry.lattice import moved
from CraNeXtLib.geometry.reslicing import reslice
from CraNeXtLib.geometry.smoothed_mask import AIR, NEAREST, OUTERMOST, SmoothedMask
from CraNeXtLib.geometry.volume import Volume

# Spacing of the finest and the coarsest grid; between them it is three quarters of the mask's finest voxel spacing.
STEP_MM = (0.5, 0.8)
MOST_VOXELS = 16e6
FAR_MM = 1e3  # distance where nothing is inside

# Up to this distance, in voxels, the surface is treated as the plane through its nearest point.
_NEAR_SURFACE = 2.0

_PLANES = 4
"""Planes of a field that are measured together: what is needed on the way stays in the processor's cache."""

_SMOOTHED: WeakKeyDictionary[Volume, SmoothedMask] = WeakKeyDictionary()


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
    voxel_mm = np.float32(mask.spacing.mean())
    box = box_around(mask.to_indices(grid.corners), mask.shape, margin=3)
    inside = mask.voxels[box] != 0
    if not inside.any():
        return grid.with_voxels(np.full(grid.shape, OUTERMOST * voxel_mm))
    box = moved(foreground_box(inside), [side.start for side in box])
    fine = _smoothed(mask).around(box)
    to_part = np.linalg.inv(mask.crop(box).affine) @ grid.affine
    to_fine = to_part + np.pad(np.full((3, 1), float(AIR)), ((0, 1), (3, 0)))
    field = reslice(fine, to_fine, grid.shape, outside=float(OUTERMOST))
    if whole:
        edge = np.argwhere((fine < 0) & (fine > -0.5)) - AIR  # deeper voxels cannot fall between
        indices = np.linalg.solve(to_part[:3, :3], (edge - to_part[:3, 3]).T)
        missed = ndimage.map_coordinates(field, indices, order=1, cval=-1.0, prefilter=False) >= 0
        field[tuple(np.rint(indices[:, missed]).astype(int))] = -NEAREST
    return grid.with_voxels(field * voxel_mm)


def _smoothed(mask: Volume) -> SmoothedMask:
    """Return the smoothed mask of a volume, the same one as long as the volume is in use."""
    if mask not in _SMOOTHED:
        _SMOOTHED[mask] = SmoothedMask(mask.voxels)
    return _SMOOTHED[mask]


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
    seeds = inside & _with_neighbors(~inside)
    feet, normal = _on_surface(values, seeds, step)
    nearest = ndimage.distance_transform_edt(~seeds, return_distances=False, return_indices=True)
    number = np.zeros(field.shape, np.int32)
    number[seeds] = np.arange(len(normal))
    result = np.empty(field.shape, np.float32)
    for start in range(0, len(result), _PLANES):
        planes = slice(start, start + _PLANES)
        which = number[tuple(nearest[:, planes])]
        indices = (_indices(field, 0)[planes], _indices(field, 1), _indices(field, 2))
        offsets = [index - foot[which] for index, foot in zip(indices, feet, strict=True)]
        away = np.sqrt(sum(map(np.square, offsets)))
        # Close to the surface, its nearest point is on the plane through the point found rather than that point itself.
        close = away < _NEAR_SURFACE
        across = normal[which[close]].T
        away[close] = np.abs(sum(offset[close] * side for offset, side in zip(offsets, across, strict=True)))
        result[planes] = away
    np.negative(result, out=result, where=inside)
    return field.with_voxels(np.multiply(result, np.float32(step), out=result))


def _indices(field: Volume, axis: int) -> np.ndarray:
    """Return the indices along one axis, in a shape that broadcasts over the other two."""
    return np.arange(field.shape[axis], dtype=np.float32).reshape([-1 if a == axis else 1 for a in range(3)])


def _with_neighbors(mask: np.ndarray) -> np.ndarray:
    """Return the mask grown by one voxel, across edges and corners too; SciPy's dilation takes ten times as long."""
    grown = mask.copy()
    for axis in range(3):
        along, before = np.moveaxis(grown, axis, 0), np.moveaxis(grown.copy(), axis, 0)
        along[1:] |= before[:-1]
        along[:-1] |= before[1:]
    return grown


def _on_surface(values: np.ndarray, seeds: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the point of a field's zero level next to each seed, at most a voxel's diagonal away, and its unit normal.

    The points are in voxels, of shape (3, N), the normals of shape (N, 3).
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
    return np.ascontiguousarray((indices + normal * length[:, None]).T, np.float32), normal
