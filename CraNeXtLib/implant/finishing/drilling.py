"""Round holes in the field of a part."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

REACH_MM = 25.0
"""How far a hole reaches above and below its middle, through the thickest part."""


def drill(
    field: np.ndarray,
    middle: np.ndarray,
    normal: np.ndarray,
    radius_mm: float,
    step_mm: float,
    *,
    kept_mm: Callable[[Sequence[np.ndarray]], np.ndarray] | None = None,
) -> None:
    """Cut a cylinder out of a field, in place.

    Args:
        field: Field of the part.
        middle: Middle of the cylinder in voxels, shape (3,).
        normal: Its axis in grid axes, a unit vector.
        radius_mm: Its radius.
        step_mm: Distance between neighboring voxels.
        kept_mm: Returns the distance to what is left standing in the cylinder, from offsets to its middle in voxels
            along the three axes; None if nothing is.
    """
    reach = int(np.ceil(REACH_MM / step_mm))
    box = tuple(slice(max(int(m) - reach, 0), int(m) + reach + 1) for m in middle)
    grid = np.ogrid[tuple(slice(s.start, min(s.stop, size)) for s, size in zip(box, field.shape, strict=True))]
    offsets = [axis - m for axis, m in zip(grid, middle, strict=True)]
    along = sum(offset * n for offset, n in zip(offsets, normal, strict=True))
    across = np.sqrt(np.maximum(sum(offset**2 for offset in offsets) - along**2, 0))
    hole = np.maximum(across * step_mm - radius_mm, np.abs(along) * step_mm - REACH_MM)
    if kept_mm is not None:
        hole = np.maximum(hole, -kept_mm(offsets))
    np.maximum(field[box], -hole.astype(field.dtype), out=field[box])
