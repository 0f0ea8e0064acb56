"""The direction in which the halves of a mold open: the one in which the part is undercut least."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.geometry.distance_field import axes_toward
from CraNeXtLib.geometry.mesh import Mesh, face_centers, face_normals
from CraNeXtLib.geometry.solids import mesh_of
from CraNeXtLib.implant.finishing.insertion import directions_within
from CraNeXtLib.implant.mold.columns import PlaneGrid, columns_of
from CraNeXtLib.implant.mold.mold_frame import MoldFrame
from CraNeXtLib.implant.mold.solids import solid_of
from CraNeXtLib.implant.mold.undercut import undercut_of

WIDEST_DEG = 40.0
"""Largest angle between an opening direction that is tried and the normal of the plate that the part is."""
STEP_DEG = 8.0

_SIMPLER_MM = 0.1  # how far the part that is looked at first may differ from the part
_COARSE_MM, _FINE_MM = 1.0, 0.3  # distance between the lines along which undercuts are looked for
_CHOSEN = 12  # directions that are looked at along the finer lines
_FINALISTS = 4  # directions of which the undercut is measured exactly


def best_opening(mesh: Mesh, outward: np.ndarray) -> np.ndarray:
    """Return the direction in which a part is undercut least deep.

    Directions around the normal of the plate that fits the part best are compared by the volume of the undercuts, along
    lines 1 mm apart, the best ones along lines 0.3 mm apart; of the best four, the one with the least deep undercut is
    taken.

    Args:
        mesh: Surface of the part, RAS mm.
        outward: RAS direction out of the head, shape (3,).

    Returns:
        RAS unit vector out of the head, shape (3,).
    """
    simpler = mesh_of(solid_of(mesh, "the part").simplify(_SIMPLER_MM))
    middle = plate_normal(mesh, outward)
    directions = directions_within(middle, WIDEST_DEG, STEP_DEG)
    chosen = _best(simpler, directions, _COARSE_MM)[:_CHOSEN]
    finalists = _best(mesh, chosen, _FINE_MM)[:_FINALISTS]
    return min(finalists, key=lambda direction: _depth_mm(mesh, direction))


def _best(mesh: Mesh, directions: list[np.ndarray], step_mm: float) -> list[np.ndarray]:
    return sorted(directions, key=lambda direction: trapped_mm3(mesh, direction, step_mm))


def plate_normal(mesh: Mesh, outward: np.ndarray) -> np.ndarray:
    """Return the RAS unit normal, on the outer side, of the plane that fits a part best."""
    areas = np.linalg.norm(face_normals(mesh), axis=1)
    normal: np.ndarray = np.linalg.eigh(np.cov(face_centers(mesh).T, aweights=areas))[1][:, 0]
    return normal if normal @ outward >= 0 else -normal


def trapped_mm3(mesh: Mesh, direction: np.ndarray, step_mm: float) -> float:
    """Return how much lies between parts of a part along a direction, in mm³, by lines that are a step apart."""
    seen = MoldFrame(axes_toward(direction)).from_ras(mesh)
    flat = seen.vertices[:, :2]
    grid = PlaneGrid.around(flat.min(axis=0), flat.max(axis=0), step_mm)
    return float(columns_of(seen, grid).trapped_mm.sum()) * step_mm**2


def _depth_mm(mesh: Mesh, direction: np.ndarray) -> float:
    seen = MoldFrame(axes_toward(direction)).from_ras(mesh)
    heights = seen.vertices[:, 2]
    return undercut_of(seen, heights.min() - 1, heights.max() + 1).depth_mm
