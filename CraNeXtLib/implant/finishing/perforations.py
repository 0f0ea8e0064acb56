"""Holes through an implant, for fluid to drain and for sutures, in a hexagonal pattern."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing.plan_view import PlanView

_REACH_MM = 15.0  # of a hole above and below the outer side
_FACING = np.cos(np.deg2rad(30))


def perforated(
    part: Volume,
    *,
    diameter_mm: float,
    pitch_mm: float,
    border_mm: float,
    centre: np.ndarray,
    keep_free: np.ndarray | None = None,
) -> tuple[Volume, int]:
    """Return a part with round holes square to its outer side, and how many.

    The pattern is laid out in the view from outside, so that on sloping flanks the holes lie further apart.

    Args:
        part: Field whose third axis points out of the head.
        diameter_mm: Diameter of the holes.
        pitch_mm: Distance between their middles, in the view from outside.
        border_mm: Least distance of a hole's edge from the part's border, in the same view.
        centre: A point in the middle of the head, RAS mm, shape (3,): where the outer side does not face away from it
            within 30°, as on ridges and steep flanks, no hole is drilled.
        keep_free: Where no hole may be, such as under an engraving, shape (I, J).
    """
    view, radius = PlanView(part), diameter_mm / 2
    allowed = (view.to_border_mm >= border_mm + radius) & (view.facing(centre) > _FACING)
    if keep_free is not None:
        allowed &= ~keep_free
    field, count = part.voxels.copy(), 0
    for column in _pattern(allowed, pitch_mm / view.step):
        middle = np.array([*column, view.top[tuple(column)]])
        _drill(field, middle, view.normals[tuple(column)], radius, view.step)
        count += 1
    return part.with_voxels(field), count


def _pattern(allowed: np.ndarray, pitch: float) -> np.ndarray:
    """Return the columns of a hexagonal lattice about the middle that are allowed, shape (N, 2)."""
    if not allowed.any():
        return np.zeros((0, 2), int)
    middle = np.argwhere(allowed).mean(axis=0)
    number = int(np.ceil(max(allowed.shape) / pitch)) + 1
    i, j = np.meshgrid(np.arange(-number, number + 1), np.arange(-number, number + 1), indexing="ij")
    lattice = np.stack([(i + j / 2) * pitch, j * pitch * np.sqrt(3) / 2], axis=-1).reshape(-1, 2)
    columns = np.rint(lattice + middle).astype(int)
    columns = columns[((columns >= 0) & (columns < allowed.shape)).all(axis=1)]
    return columns[allowed[tuple(columns.T)]]


def _drill(field: np.ndarray, middle: np.ndarray, normal: np.ndarray, radius: float, step: float) -> None:
    """Cut a cylinder out of a field in place; the middle in voxels, the radius in mm."""
    reach = int(np.ceil(_REACH_MM / step))
    box = tuple(slice(max(int(m) - reach, 0), int(m) + reach + 1) for m in middle)
    grid = np.ogrid[tuple(slice(s.start, min(s.stop, size)) for s, size in zip(box, field.shape, strict=True))]
    offsets = [axis - m for axis, m in zip(grid, middle, strict=True)]
    along = sum(offset * n for offset, n in zip(offsets, normal, strict=True))
    across = np.sqrt(np.maximum(sum(offset**2 for offset in offsets) - along**2, 0))
    hole = np.maximum(across * step - radius, np.abs(along) * step - _REACH_MM)
    np.maximum(field[box], -hole.astype(field.dtype), out=field[box])
