"""Whether a skull is upright and faces forward, judged from its shape and not from its header."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.geometry.volume import Volume

_COLUMN_MM = 5.0  # Bone is looked at in columns of this width along S.
_LEAST_GAP_MM = 8.0  # Pores of bone are smaller than this.
_CAVITY_MM = 60.0  # A longer gap is the brain case.
_LEAST_COLUMNS = 100  # SkullFix skulls have 350 to 400 columns with a gap.
_HEAD_HEIGHT = 1.3  # of its length; whatever lies deeper below the vertex is neck and shoulders.
_INNER = 0.7  # Only columns within this fraction of the head's half width and half length are used.


def orientation_warnings(skull: Volume) -> list[str]:
    """Return what contradicts the orientation of a skull's volume, as sentences for the user; usually nothing.

    Seen from above, the first gap below the bone is the brain case; seen from below, it is often a cavity of the face
    or the base, more so in front. Both signs were right for each of 86 SkullFix skulls. A swap of left and right cannot
    be seen in the shape of one head. Shoulders in view are left out, although they are wider than the head is long.

    Raises:
        InputError: If the mask contains almost no bone.
    """
    frame = skull_frame(skull)
    points = frame.points[frame.points[:, 2] > frame.level(_HEAD_HEIGHT)]
    low, high = np.percentile(points, [0.2, 99.8], axis=0)
    if frame.width > frame.length:
        return ["The head is wider than it is long; check which axes run left-right and front-back."]
    middle, half = (low + high) / 2, (high - low) / 2
    points = (points - middle)[(((points - middle) / half)[:, :2] ** 2).sum(axis=1) < _INNER**2]
    _, from_above = _first_gaps(points)
    _, from_below = _first_gaps(points * [1, 1, -1])
    upright = _cavities(from_above) >= _cavities(from_below)
    forward, gaps = _first_gaps(points * [1, 1, -1 if upright else 1])
    faces_front = _cavities(gaps[forward > 0]) <= _cavities(gaps[forward < 0])
    # A scan that ends above the base has almost no bone below the vault, so the signs mean nothing.
    if min(len(gaps), len(from_above), len(from_below)) < _LEAST_COLUMNS:
        return []
    warnings = []
    if not upright:
        warnings.append("The head appears to be upside down; check the orientation.")
    if not faces_front:
        warnings.append("The head appears to face backward; check the orientation.")
    if len(warnings) == 1:
        warnings.append("Flipping a single axis mirrors the head; check left and right, too.")
    return warnings


def _cavities(gaps: np.ndarray) -> float:
    """Return the fraction of gaps that are the brain case."""
    return float(np.mean(gaps > _CAVITY_MM)) if gaps.size else 0.0


def _first_gaps(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the first gap from above in each column of bone.

    Args:
        points: Points in bone relative to the head's middle, in mm, shape (N, 3).

    Returns:
        For each column with a gap, its position from back to front and the length of its first gap, both in mm.
    """
    columns = np.floor(points[:, :2] / _COLUMN_MM).astype(int) + 100
    keys = columns[:, 0] * 1000 + columns[:, 1]
    order = np.lexsort((-points[:, 2], keys))
    keys, heights = keys[order], points[order, 2]
    gaps = np.where(keys[1:] == keys[:-1], heights[:-1] - heights[1:], 0)
    found = np.flatnonzero(gaps > _LEAST_GAP_MM)
    column, first = np.unique(keys[found], return_index=True)
    return (column % 1000 - 100 + 0.5) * _COLUMN_MM, gaps[found[first]]
