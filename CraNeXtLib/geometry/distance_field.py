"""Distance fields on a box around one piece: a fine grid of its own, whose third axis points out of the head.

A field is a :class:`Volume` of type float32, in mm, negative inside. Along the grid's third axis a part moves out of
its place, so that what would collide on the way is a running maximum. Surfaces lie between voxels: their places are
taken from a smoothed mask and not from the voxels' stairs.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.box import box_around, foreground_box
from CraNeXtLib.geometry.volume import Volume

STEP_MM = (0.5, 0.8)  # finest and coarsest grid; between them three quarters of the finest voxel spacing
MOST_VOXELS = 16e6
BLUR_VOXELS = 0.7  # twice; more would draw the ends of plates of three voxels back
FAR_MM = 1e3

_BESIDE = 2.0  # voxels from the surface, nearer than which its plane counts
_ROUNDS = 2
_CUT_OFF = np.float32(np.sqrt(_ROUNDS * np.pi / 2) * BLUR_VOXELS)  # gives the blurred step a slope of 1
_NEAREST = np.float32(0.1)  # in voxels: of a voxel's middle to the surface


def aligned_grid(points: np.ndarray, outward: np.ndarray, *, margin_mm: float, step_mm: float) -> Volume:
    """Return an empty field that holds points and a margin, its third axis pointing outwards.

    Args:
        points: RAS mm, shape (N, 3).
        outward: RAS direction of the third axis, shape (3,).
        margin_mm: Room around the points.
        step_mm: Distance between neighbouring voxels; grows where there would be too many.
    """
    axes = axes_towards(outward)
    points = points @ axes
    low, high = points.min(axis=0) - margin_mm, points.max(axis=0) + margin_mm
    step_mm = max(step_mm, float((np.prod(high - low) / MOST_VOXELS) ** (1 / 3)))
    shape = np.ceil((high - low) / step_mm).astype(int) + 1
    affine = np.eye(4)
    affine[:3, :3] = axes * step_mm
    affine[:3, 3] = axes @ low
    return Volume(np.zeros(shape, np.float32), affine)


def fine_step_mm(mask: Volume) -> float:
    """Return the distance between voxels of a grid that shows all that a mask shows, within limits."""
    return float(np.clip(0.75 * mask.spacing.min(), *STEP_MM))


def span_of(mask: Volume) -> np.ndarray:
    """Return points that span a mask, RAS mm, shape (N, 3): the ends of its rows of voxels."""
    box = foreground_box(mask.voxels != 0)
    part = mask.voxels[box] != 0
    first = part.argmax(axis=2)
    last = part.shape[2] - 1 - part[..., ::-1].argmax(axis=2)
    rows = np.argwhere(part.any(axis=2))
    ends = [np.column_stack([rows, depth[tuple(rows.T)]]) for depth in (first, last)]
    return mask.to_ras(np.concatenate(ends) + [side.start for side in box])


def axes_towards(direction: np.ndarray) -> np.ndarray:
    """Return a right-handed orthonormal 3×3 matrix whose third column is the direction; the others are any."""
    last = np.asarray(direction, dtype=float) / np.linalg.norm(direction)
    first = np.cross(np.eye(3)[np.argmin(np.abs(last))], last)
    first /= np.linalg.norm(first)
    return np.column_stack([first, np.cross(last, first), last])


def field_of(mask: Volume, grid: Volume, *, whole: bool = False) -> Volume:
    """Return the mask's surface as a field on the grid: rough distances in mm near it, its sign further away.

    Beyond the mask's volume there is nothing.

    Args:
        mask: The mask.
        grid: Where the field is wanted.
        whole: Lose no voxel of the mask between those of the grid, as obstacles ask for.
    """
    part = mask.crop(box_around(mask.to_indices(grid.corners), mask.shape, margin=3))
    fine = without_stairs(np.pad(part.voxels != 0, 2))
    to_part = np.linalg.inv(part.affine) @ grid.affine
    field = ndimage.affine_transform(
        fine, to_part[:3, :3], to_part[:3, 3] + 2, output_shape=grid.shape, order=1, cval=_CUT_OFF, prefilter=False
    )
    if whole:
        edge = np.argwhere((fine < 0) & (fine > -0.5)) - 2  # deeper ones cannot be missed
        places = np.linalg.solve(to_part[:3, :3], (edge - to_part[:3, 3]).T)
        missed = ndimage.map_coordinates(field, places, order=1, cval=-1.0, prefilter=False) >= 0
        field[tuple(np.rint(places[:, missed]).astype(int))] = -_NEAREST
    return grid.with_voxels(field * np.float32(mask.spacing.mean()))


def without_stairs(mask: np.ndarray) -> np.ndarray:
    """Return a field of a mask whose zero level is smooth, and still has the middle of every voxel on its own side.

    Blurring in turn with putting the middles back to their sides flattens the stairs between the voxels' middles, as
    Whitaker's constrained level sets (2000) do, but loses neither thin plates nor single voxels.

    Args:
        mask: Boolean array of shape (I, J, K).

    Returns:
        Array of type float32, about the distance from the surface in voxels, negative inside, cut off at some voxels.
    """
    outside = np.where(mask, -_CUT_OFF, _CUT_OFF)
    for _ in range(_ROUNDS):
        outside = ndimage.gaussian_filter(outside, BLUR_VOXELS, truncate=2, mode="nearest")
        np.minimum(outside, -_NEAREST, out=outside, where=mask)
        np.maximum(outside, _NEAREST, out=outside, where=~mask)
    return outside


def distance(field: Volume) -> Volume:
    """Return the distance to the surface of a field: exact outside, in voxels at the surface inside, coarse below it.

    The nearest voxel inside is found by a Euclidean feature transform (Maurer 2003), and the distance taken to the
    surface beside it, where the field's slope says it is; so the result is not stepped like a transform of the mask.
    Where nothing is inside, all is far away.
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
        squared += (_places(field, axis) - nearest[axis] - shift[which, axis]) ** 2
    beside = squared < _BESIDE**2
    result = np.sqrt(squared, out=squared)
    # Beside the surface the foot of the nearest voxel is not the nearest point of the surface; its plane is.
    places, which = np.argwhere(beside), which[beside]
    offset = places - np.column_stack([axis[beside] for axis in nearest]) - shift[which]
    result[beside] = np.abs(np.einsum("ij,ij->i", offset, normal[which]))
    result[inside] *= -1
    return field.with_voxels(result * np.float32(step))


def _places(field: Volume, axis: int) -> np.ndarray:
    """Return the indices along one axis, of a shape that spreads over the other two."""
    return np.arange(field.shape[axis], dtype=np.float32).reshape([-1 if a == axis else 1 for a in range(3)])


def _to_surface(values: np.ndarray, seeds: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the way from each seed to the field's zero level in voxels, at most a voxel's diagonal, and the normal.

    Both have the shape (N, 3).
    """
    places = np.argwhere(seeds)
    last = np.array(values.shape) - 1
    slope = np.empty(places.shape, np.float32)
    for axis in range(3):
        ahead, behind = places.copy(), places.copy()
        ahead[:, axis] = np.minimum(ahead[:, axis] + 1, last[axis])
        behind[:, axis] = np.maximum(behind[:, axis] - 1, 0)
        across = np.maximum(ahead[:, axis] - behind[:, axis], 1)
        slope[:, axis] = (values[tuple(ahead.T)] - values[tuple(behind.T)]) / across
    steepness = np.linalg.norm(slope, axis=1)
    normal = slope / np.maximum(steepness, 1e-9)[:, None]
    steepness = np.maximum(steepness, 0.5 * step)  # on the ridge of a thin plate there is no slope, but no way either
    length = np.minimum(-values[seeds] / steepness, np.sqrt(3))
    for _ in range(2):
        feet = (places + normal * length[:, None]).T
        rest = ndimage.map_coordinates(values, feet, order=1, mode="nearest", prefilter=False)
        length = np.clip(length - rest / steepness, 0, np.sqrt(3))
    return normal * length[:, None], normal
