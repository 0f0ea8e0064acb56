"""Boxes of voxels: one slice per array axis, and where their corners are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from CraNeXtLib.core.errors import InputError

Box = tuple[slice, slice, slice]
"""The voxels from ``start`` up to ``stop`` along each array axis."""


def box_from(starts: Sequence[int] | np.ndarray, stops: Sequence[int] | np.ndarray) -> Box:
    """Return the box from its first voxel up to, but without, its last one plus one.

    >>> box_from((0, 1, 2), (5, 6, 7))
    (slice(0, 5, None), slice(1, 6, None), slice(2, 7, None))
    """
    first, second, third = (slice(int(start), int(stop)) for start, stop in zip(starts, stops, strict=True))
    return first, second, third


def enclosing_box(boxes: Sequence[Box]) -> Box:
    """Return the smallest box that holds all of the boxes.

    >>> enclosing_box([box_from((0, 5, 2), (3, 6, 4)), box_from((1, 4, 2), (2, 9, 3))])
    (slice(0, 3, None), slice(4, 9, None), slice(2, 4, None))
    """
    starts = [min(side.start for side in sides) for sides in zip(*boxes, strict=True)]
    return box_from(starts, [max(side.stop for side in sides) for sides in zip(*boxes, strict=True)])


def foreground_box(mask: np.ndarray, *, margin: int | tuple[int, int, int] = 0) -> Box:
    """Return the smallest box that holds every true voxel, grown by a margin but kept inside the array.

    Args:
        mask: Array of shape (I, J, K).
        margin: Voxels added on both sides, for all axes or for each.

    Raises:
        InputError: If the mask is empty.

    >>> mask = np.zeros((4, 5, 6), dtype=bool)
    >>> mask[1, 2, 3:5] = True
    >>> foreground_box(mask)
    (slice(1, 2, None), slice(2, 3, None), slice(3, 5, None))
    >>> foreground_box(mask, margin=2)
    (slice(0, 4, None), slice(0, 5, None), slice(1, 6, None))
    """
    starts, stops = np.empty(3, dtype=int), np.empty(3, dtype=int)
    part = mask
    for axis in np.argsort(np.abs(mask.strides))[::-1].tolist():  # from the slowest, whose rest is least
        hits = np.flatnonzero(part.any(axis=tuple(other for other in range(3) if other != axis)))
        if not hits.size:
            raise InputError("The mask is empty.")
        starts[axis], stops[axis] = hits[0], hits[-1] + 1
        part = part[(slice(None),) * axis + (slice(starts[axis], stops[axis]),)]
    return box_from(np.maximum(starts - margin, 0), np.minimum(stops + margin, mask.shape))


def box_around(indices: np.ndarray, shape: tuple[int, int, int], *, margin: int = 0) -> Box:
    """Return the smallest box of an array that holds points, with a margin; outside the array, its nearest voxel.

    Args:
        indices: The points as voxel indices, which may be fractions, shape (N, 3).
        shape: Shape of the array.
        margin: Voxels added on both sides.

    >>> box_around(np.array([[0.2, 3.5, 9.0], [1.0, 3.7, 12.0]]), (10, 10, 10))
    (slice(0, 2, None), slice(3, 5, None), slice(9, 10, None))
    """
    starts = np.clip(np.floor(indices.min(axis=0)) - margin, 0, np.array(shape) - 1).astype(int)
    return box_from(starts, np.clip(np.ceil(indices.max(axis=0)) + margin + 1, starts + 1, shape).astype(int))


def corners_between(low: Sequence[float] | np.ndarray, high: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return the eight corners of the box between two opposite ones, shape (8, 3)."""
    return np.stack(np.meshgrid(*zip(low, high, strict=True)), axis=-1).reshape(-1, 3)


def corner_indices(box: Box) -> np.ndarray:
    """Return the indices of a box's eight corner voxels, shape (8, 3).

    >>> corner_indices(box_from((0, 2, 4), (2, 3, 9))).tolist()[-1]
    [1, 2, 8]
    """
    return corners_between([side.start for side in box], [side.stop - 1 for side in box])
