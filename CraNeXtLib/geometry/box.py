"""Boxes of array slices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from CraNeXtLib.core.errors import InputError

Box = tuple[slice, slice, slice]
"""A box of voxels, one slice an axis."""


def around(boxes: Sequence[tuple[slice, slice, slice]]) -> tuple[slice, slice, slice]:
    """Return the smallest box that holds some boxes."""
    return tuple(slice(min(s.start for s in sides), max(s.stop for s in sides)) for sides in zip(*boxes, strict=True))


def foreground_box(mask: np.ndarray, *, margin: int | tuple[int, int, int] = 0) -> tuple[slice, slice, slice]:
    """Return the slices of the smallest box that holds every true voxel, grown by a margin but kept in the array.

    Args:
        mask: Array of shape (I, J, K).
        margin: Voxels added on both sides, for all or for each axis.

    Raises:
        InputError: If the mask is empty.
    """
    margins = np.broadcast_to(margin, 3)
    box = []
    for axis in range(3):
        hits = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        if not hits.size:
            raise InputError("The mask is empty.")
        start, stop = int(hits[0]) - int(margins[axis]), int(hits[-1]) + 1 + int(margins[axis])
        box.append(slice(max(start, 0), min(stop, mask.shape[axis])))
    return tuple(box)
