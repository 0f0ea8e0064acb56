"""Holes through an implant, for drainage and sutures, in a hexagonal pattern."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing.drilling import Bore, drill
from CraNeXtLib.implant.finishing.hole_candidates import position
from CraNeXtLib.implant.finishing.plan_view import PlanView
from CraNeXtLib.implant.finishing.ray_surface import RaySurface

_FACING = np.cos(np.deg2rad(30))


def perforate(
    part: Volume,
    *,
    diameter_mm: float,
    pitch_mm: float,
    border_mm: float,
    center: np.ndarray,
    keep_free: np.ndarray | None = None,
    wall_mm: float = 0.0,
) -> tuple[Volume, list[Bore]]:
    """Return a part with round holes perpendicular to its outer surface, and the holes.

    The pattern is laid out in the view from outside, so that the holes lie further apart on sloping flanks. Where the
    outer surface faces more than 30° away from the direction out of the head, as on ridges and steep flanks, there is
    no hole.

    Args:
        part: Field of the part; its third axis points out of the head.
        diameter_mm: Diameter of the holes.
        pitch_mm: Distance between their centers, in the view from outside.
        border_mm: Least distance of a hole's edge from the part's border, in the same view.
        center: A point in the middle of the head, RAS mm, shape (3,).
        keep_free: Where no hole may be, such as under an engraving, bool of shape (I, J).
        wall_mm: Least distance of a hole's edge from there.
    """
    view, radius_mm = PlanView(part), diameter_mm / 2
    allowed = (view.border_distance_mm >= border_mm + radius_mm) & (view.outward_cosines(center) > _FACING)
    if keep_free is not None:
        allowed &= ndimage.distance_transform_edt(~keep_free) * view.step >= radius_mm + wall_mm
    columns = _pattern(allowed, pitch_mm / view.step)
    middles = part.to_ras(np.column_stack([columns, view.top[tuple(columns.T)]]))
    axes = view.normals[tuple(columns.T)] @ (part.affine[:3, :3] / part.spacing).T
    depths_mm = RaySurface(part, solid=True).below(middles, axes)[1]
    bores = [
        Bore(position(middle, 4), position(axis, 6), radius_mm, float(depth_mm))
        for middle, axis, depth_mm in zip(middles, axes, depths_mm, strict=True)
        if depth_mm
    ]
    field = part.voxels.copy()
    for bore in bores:
        drill(field, part, bore)
    return part.with_voxels(field), bores


def _pattern(allowed: np.ndarray, pitch: float) -> np.ndarray:
    """Return the allowed columns of a hexagonal lattice about their mean, shape (N, 2).

    Args:
        allowed: Where a hole may be, bool of shape (I, J).
        pitch: Distance between neighbors, in columns.
    """
    if not allowed.any():
        return np.zeros((0, 2), int)
    middle = np.argwhere(allowed).mean(axis=0)
    number = int(np.ceil(max(allowed.shape) / pitch)) + 1
    i, j = np.meshgrid(np.arange(-number, number + 1), np.arange(-number, number + 1), indexing="ij")
    lattice = np.stack([(i + j / 2) * pitch, j * pitch * np.sqrt(3) / 2], axis=-1).reshape(-1, 2)
    columns = np.rint(lattice + middle).astype(int)
    columns = columns[((columns >= 0) & (columns < allowed.shape)).all(axis=1)]
    return columns[allowed[tuple(columns.T)]]
