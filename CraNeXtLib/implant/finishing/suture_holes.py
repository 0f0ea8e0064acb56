"""Holes for sutures: along the rim, and spread over the part to suspend dura or muscle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.distance_field import axes_toward
from CraNeXtLib.implant.finishing.fixation_settings import FixationSettings, spur_wall_mm
from CraNeXtLib.implant.finishing.hole_candidates import Candidates, Hole, candidates, position
from CraNeXtLib.implant.finishing.plan_view import PlanView
from CraNeXtLib.implant.finishing.ray_surface import RaySurface
from CraNeXtLib.implant.finishing.rim_line import RimLine
from CraNeXtLib.implant.finishing.rods import spread_apart
from CraNeXtLib.implant.finishing.spur import SUNK_MM, Spur
from CraNeXtLib.implant.symmetry_plane import SymmetryPlane

_SPARE_MM = 1.0  # for a rim that is not straight, and since holes for suspension come nearer to each other below
_FACING = np.cos(np.deg2rad(45))
_COLUMN_MM = 2.0  # between places for suspension that are compared
_TRIED = 40  # places around the middle of each cluster


def place_suture_holes(
    rim: RimLine,
    view: PlanView,
    settings: FixationSettings,
    *,
    taken: np.ndarray,
    midline: SymmetryPlane | None,
    wall_mm: float,
) -> list[Hole]:
    """Return holes spread evenly along the rim, as many as find a place.

    Args:
        rim: The rim.
        view: The part, seen along its insertion direction.
        settings: What is wanted.
        taken: Columns that letters, plates and other holes take, bool of shape (I, J).
        midline: The mid-sagittal plane, if holes keep clear of it.
        wall_mm: Least wall between a hole and what else there is.
    """
    if not settings.suture_holes:
        return []
    offset = max(settings.hole_edge_mm, wall_mm) + settings.hole_diameter_mm / 2 + _SPARE_MM
    row = candidates(
        "suture",
        RaySurface(view.part, solid=True),
        rim.points - offset * rim.outward,
        rim.normals,
        settings.hole_diameter_mm,
        midline,
    )
    free = _free(row, view, settings, taken, wall_mm)
    apart_mm = settings.hole_diameter_mm + wall_mm
    stations = spread_apart(rim, free, settings.suture_holes, apart_mm, [row.rods], wall_mm)
    return [_with_spur(row.hole(station), -rim.outward[station], view, settings, wall_mm) for station in stations]


def place_suspension_holes(
    view: PlanView, settings: FixationSettings, *, taken: np.ndarray, midline: SymmetryPlane | None, wall_mm: float
) -> list[Hole]:
    """Return holes spread over the part, as many as find a place; see :func:`place_suture_holes`.

    The places are the centers of as many clusters of all free ones (Lloyd 1982).
    """
    if not settings.suspension_holes:
        return []
    every = max(1, round(_COLUMN_MM / view.step))
    inside = view.border_distance_mm >= settings.hole_edge_mm + settings.hole_diameter_mm / 2
    inside &= view.normals[..., 2] > _FACING
    inside &= ndimage.distance_transform_edt(~taken) * view.step >= settings.hole_diameter_mm / 2 + wall_mm
    columns = np.argwhere(inside)
    columns = columns[(columns % every == 0).all(axis=1)]
    if not len(columns):
        return []
    tops = view.part.to_ras(np.column_stack([columns, view.smooth_top[tuple(columns.T)] + 0.5]))
    axes = view.normals[tuple(columns.T)] @ (view.part.affine[:3, :3] / view.part.spacing).T
    if midline is not None:
        far = midline.distance_mm(tops) >= settings.midline_mm
        tops, axes = tops[far], axes[far]
    if not len(tops):
        return []
    surface, holes, middle = RaySurface(view.part, solid=True), list[Hole](), tops.mean(axis=0)
    for center in _clusters(tops, min(settings.suspension_holes, len(tops))):
        nearest = np.linalg.norm(tops - center, axis=1).argsort()[:_TRIED]
        row = candidates("suspension", surface, tops[nearest], axes[nearest], settings.hole_diameter_mm, midline)
        free = _free(row, view, settings, taken, wall_mm)
        for hole in holes:
            apart = np.linalg.norm(row.places - hole.place_ras_mm, axis=1)
            free &= apart >= settings.hole_diameter_mm + wall_mm + _SPARE_MM
        if free.any():
            hole = row.hole(int(free.argmax()))
            holes.append(_with_spur(hole, middle - hole.place_ras_mm, view, settings, wall_mm))
    return holes


def _with_spur(hole: Hole, inward: np.ndarray, view: PlanView, settings: FixationSettings, wall_mm: float) -> Hole:
    """Return a hole with the spur that is asked for.

    Args:
        hole: The hole.
        inward: RAS direction away from the edge of the part, where the spur points, since a suture pulls to the edge.
        view: The part.
        settings: What is wanted.
        wall_mm: Least wall.
    """
    if not settings.spur_mm:
        return hole
    axis = np.array(hole.axis_ras) / np.linalg.norm(hole.axis_ras)
    across = inward - (inward @ axis) * axis
    if np.linalg.norm(across) < _SPARE_MM / 2:  # a hole in the middle of the part may point anywhere
        across = axes_toward(axis)[:, 0]
    thick_mm = _spur_thick_mm(view, wall_mm)
    return replace(hole, spur=Spur(settings.spur_mm, thick_mm, position(across / np.linalg.norm(across), 4)))


def _spur_thick_mm(view: PlanView, wall_mm: float) -> float:
    """Return width and thickness of a spur: the wall, and half a voxel for what the grid takes from its edges."""
    return round(spur_wall_mm(wall_mm) + view.step / 2, 2)


def _free(row: Candidates, view: PlanView, settings: FixationSettings, taken: np.ndarray, wall_mm: float) -> np.ndarray:
    """Return which holes keep clear of the edge, the midline and what is taken, bool of shape (N,)."""
    least_mm = SUNK_MM + _spur_thick_mm(view, wall_mm) if settings.spur_mm else 0.1
    allowed = row.allowed(
        depth_mm=least_mm, edge_mm=settings.hole_edge_mm, midline_mm=settings.midline_mm, wall_mm=wall_mm
    )
    room = ndimage.distance_transform_edt(~taken) * view.step if taken.any() else np.full(taken.shape, np.inf)
    for part in (0.0, 0.5, 1.0):  # of the depth, since holes on a curved part come nearer to each other below
        middles = np.nan_to_num(row.places - part * row.depths_mm[:, None] * row.axes)
        columns = np.rint(view.part.to_indices(middles)[:, :2]).astype(int).clip(0, np.array(taken.shape) - 1)
        allowed &= room[tuple(columns.T)] >= settings.hole_diameter_mm / 2 + wall_mm
    return allowed


def _clusters(points: np.ndarray, count: int) -> np.ndarray:
    """Return the centers of clusters of points, shape (count, 3)."""
    from scipy.cluster.vq import kmeans2

    start = [int(np.linalg.norm(points - points.mean(axis=0), axis=1).argmin())] if count else []
    while len(start) < count:
        nearest = np.min([np.linalg.norm(points - points[index], axis=1) for index in start], axis=0)
        start.append(int(nearest.argmax()))
    return kmeans2(points, points[start], minit="matrix", iter=20)[0] if count else np.zeros((0, 3))
