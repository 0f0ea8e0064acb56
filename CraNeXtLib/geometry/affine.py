"""Affine matrices between voxel indices and RAS millimeters, without nibabel, which 3D Slicer's Python lacks."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from CraNeXtLib.core.errors import InputError

SIDE_NAMES = {"R": "right", "L": "left", "A": "front", "P": "back", "S": "top", "I": "bottom"}
"""Names of the sides of a head, by anatomical direction."""
OPPOSITE = dict(zip("RLAPSI", "LRPAIS", strict=True))
"""The opposite of each anatomical direction."""


def apply_affine(affine: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map points by an affine matrix.

    Args:
        affine: 4×4 matrix.
        points: Coordinates or voxel indices, shape (..., 3).

    Returns:
        The mapped points, of the same shape.

    >>> to_ras = np.array([[-2.0, 0, 0, 90], [0, -2, 0, 126], [0, 0, 2, -72], [0, 0, 0, 1]])
    >>> apply_affine(to_ras, [[0, 0, 0], [10, 20, 30]]).tolist()
    [[90.0, 126.0, -72.0], [70.0, 86.0, -12.0]]
    """
    return np.asarray(points) @ affine[:3, :3].T + affine[:3, 3]


def axis_codes(affine: np.ndarray) -> str:
    """Return the anatomical direction that is closest to each array axis, such as ``"RAS"``.

    Like nibabel's ``aff2axcodes``, but each direction is used once, even for a volume rotated by 45°.

    >>> axis_codes(np.diag([-0.5, -0.5, 1.0, 1.0]))
    'LPS'
    """
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    world = max(permutations(range(3)), key=lambda axes: np.abs(directions[axes, range(3)]).sum())
    return "".join(("RAS" if directions[w, a] > 0 else "LPI")[w] for a, w in enumerate(world))


def affine_from_axis_codes(codes: str, spacing: np.ndarray) -> np.ndarray:
    """Return the affine of a volume whose array axes point as named, with its first voxel at the RAS origin.

    Args:
        codes: Three letters, one of each pair R/L, A/P, S/I, such as ``"LPS"``.
        spacing: Voxel spacing in mm along each array axis.

    Raises:
        InputError: If the letters do not name three different axes.

    >>> affine_from_axis_codes("PIR", np.array([0.5, 0.5, 1.0])).tolist()
    [[0.0, 0.0, 1.0, 0.0], [-0.5, 0.0, 0.0, 0.0], [0.0, -0.5, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    """
    codes = codes.upper()
    axes = [next((axis for axis, pair in enumerate(("RL", "AP", "SI")) if code in pair), None) for code in codes]
    if sorted(a for a in axes if a is not None) != [0, 1, 2] or len(codes) != 3:
        raise InputError(
            f"Orientation '{codes}' must be three letters, one of each pair R/L, A/P and S/I, such as RAS or LPS."
        )
    affine = np.eye(4)
    affine[:3, :3] = 0
    for array_axis, (world_axis, code) in enumerate(zip(axes, codes, strict=True)):
        affine[world_axis, array_axis] = spacing[array_axis] * (1 if code in "RAS" else -1)
    return affine
