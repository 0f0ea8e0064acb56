"""The direction in which the halves of a mold open: the one in which the part is undercut least."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.geometry.distance_field import axes_toward
from CraNeXtLib.geometry.mesh import Mesh, face_centers, face_normals
from CraNeXtLib.geometry.solids import mesh_of, solid_from
from CraNeXtLib.implant.finishing.insertion import directions_within
from CraNeXtLib.implant.mold.mold_frame import MoldFrame
from CraNeXtLib.implant.mold.solids import solid_of
from CraNeXtLib.implant.mold.undercut import widest_overhang

WIDEST_DEG = 40.0
"""Largest angle between an opening direction that is tried and the normal of the plate that the part is."""
STEP_DEG = 8.0

# Parts with fewer faces are looked at instead: how far each differs from the part, in mm.
_ROUGH_MM, _CLOSE_MM = 0.1, 0.05
_CHOSEN = 8  # directions with the least area of undercuts, whose depth is measured
_FIRST_DEG, _LAST_DEG = 2.0, 0.5  # steps with which the best one is improved
_NEIGHBORS = 4


def best_opening(mesh: Mesh, outward: np.ndarray) -> np.ndarray:
    """Return the direction in which a part is undercut least deep.

    Directions around the normal of the plate that fits the part best are compared by the area of the undercuts and the
    best ones by their depth; the one with the least is improved step by step, since the walls of a part that goes in
    along a line are undercut a few degrees beside it.

    Args:
        mesh: Surface of the part, RAS mm.
        outward: RAS direction out of the head, shape (3,).

    Returns:
        RAS unit vector out of the head, shape (3,).
    """
    part = solid_of(mesh, "the part")
    rough, close = (mesh_of(part.simplify(apart)) for apart in (_ROUGH_MM, _CLOSE_MM))
    grid = directions_within(plate_normal(mesh, outward), WIDEST_DEG, STEP_DEG)
    chosen = sorted(grid, key=lambda direction: overhang_mm2(rough, direction))[:_CHOSEN]
    depths = [overhang_mm(close, direction) for direction in chosen]
    first = int(np.argmin(depths))
    return _improved(close, chosen[first], depths[first])


def plate_normal(mesh: Mesh, outward: np.ndarray) -> np.ndarray:
    """Return the RAS unit normal, on the outer side, of the plane that fits a part best."""
    areas = np.linalg.norm(face_normals(mesh), axis=1)
    normal: np.ndarray = np.linalg.eigh(np.cov(face_centers(mesh).T, aweights=areas))[1][:, 0]
    return normal if normal @ outward >= 0 else -normal


def overhang_mm2(mesh: Mesh, direction: np.ndarray) -> float:
    """Return over how much area a part is undercut, seen along a direction, in mm².

    Seen along it, the faces of a part cover its silhouette twice where it has no undercut, and twice more for each.
    """
    seen = MoldFrame(axes_toward(direction)).from_ras(mesh)
    covered = float(np.abs(face_normals(seen)[:, 2]).sum()) / 2  # the normals are as long as twice the faces' areas
    return covered / 2 - float(solid_from(seen.vertices, seen.faces).project().area())


def overhang_mm(mesh: Mesh, direction: np.ndarray) -> float:
    """Return how deep a part is undercut along a direction, in mm."""
    return widest_overhang(MoldFrame(axes_toward(direction)).from_ras(mesh))[0]


def _improved(mesh: Mesh, best: np.ndarray, least_mm: float) -> np.ndarray:
    """Return the best direction that is reached from one by steps to the best neighbor, halved where none is better."""
    step_deg = _FIRST_DEG
    while step_deg >= _LAST_DEG and least_mm > 0:
        neighbors = _around(best, step_deg)
        depths = [overhang_mm(mesh, neighbor) for neighbor in neighbors]
        chosen = int(np.argmin(depths))
        if depths[chosen] < least_mm:
            best, least_mm = neighbors[chosen], depths[chosen]
        else:
            step_deg /= 2
    return best


def _around(direction: np.ndarray, angle_deg: float) -> list[np.ndarray]:
    """Return unit vectors at an angle from a direction, evenly around it."""
    axes, angle = axes_toward(direction), np.deg2rad(angle_deg)
    turns = np.arange(_NEIGHBORS) * 2 * np.pi / _NEIGHBORS
    local = [(np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)) for turn in turns]
    return [axes @ vector for vector in np.array(local)]
