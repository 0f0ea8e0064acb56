"""Whether a skull stands upright and looks forward, told from its shape and not from its header."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.geometry.volume import Volume

_COLUMN_MM = 5.0
_LEAST_GAP_MM = 8.0  # more than a bone's pores
_CAVITY_MM = 60.0  # a longer gap is the brain case
_LEAST_COLUMNS = 100  # SkullFix skulls have 350 to 400
_INNER = 0.7  # of the head's half width and half length


def orientation_warnings(skull: Volume) -> list[str]:
    """Tell what contradicts the volume's orientation, as sentences; nothing if the head stands as its affine says.

    From above, the first gap behind the bone is the brain case; from below, often the face's or the base's cavities,
    more so in front. On 86 SkullFix skulls both signs were right each time. A swap of left and right does not show in
    the shape of one head.

    Raises:
        InputError: If the mask holds next to no bone.
    """
    points = skull_frame(skull).points
    low, high = np.percentile(points, [0.2, 99.8], axis=0)
    if high[0] - low[0] > high[1] - low[1]:
        return ["The head is wider than long; check which axes run left-right and front-back."]
    middle, half = (low + high) / 2, (high - low) / 2
    points = (points - middle)[(((points - middle) / half)[:, :2] ** 2).sum(axis=1) < _INNER**2]
    _, from_above = _first_gaps(points)
    _, from_below = _first_gaps(points * [1, 1, -1])
    upright = _cavities(from_above) >= _cavities(from_below)
    forward, gaps = _first_gaps(points * [1, 1, -1 if upright else 1])
    faces_front = _cavities(gaps[forward > 0]) <= _cavities(gaps[forward < 0])
    # A scan that ends above the base has next to no bone below the vault's, and so tells nothing.
    if min(len(gaps), len(from_above), len(from_below)) < _LEAST_COLUMNS:
        return []
    doubts = []
    if not upright:
        doubts.append("The head seems to stand upside down; check the orientation.")
    if not faces_front:
        doubts.append("The head seems to look backwards; check the orientation.")
    if len(doubts) == 1:
        doubts.append("One axis turned round makes a mirror image: check left and right too.")
    return doubts


def _cavities(gaps: np.ndarray) -> float:
    """Return the share of gaps that are the brain case."""
    return float(np.mean(gaps > _CAVITY_MM)) if gaps.size else 0.0


def _first_gaps(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Look down on the bone, column by column.

    Args:
        points: Bone in mm about the head's middle, shape (N, 3).

    Returns:
        For each column with a gap, where it lies front to back, and how far the bone is apart at its first gap, in mm.
    """
    columns = np.floor(points[:, :2] / _COLUMN_MM).astype(int) + 100
    keys = columns[:, 0] * 1000 + columns[:, 1]
    order = np.lexsort((-points[:, 2], keys))
    keys, heights = keys[order], points[order, 2]
    gaps = np.where(keys[1:] == keys[:-1], heights[:-1] - heights[1:], 0)
    found = np.flatnonzero(gaps > _LEAST_GAP_MM)
    column, first = np.unique(keys[found], return_index=True)
    return (column % 1000 - 100 + 0.5) * _COLUMN_MM, gaps[found[first]]
