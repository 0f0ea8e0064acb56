"""Whether a part can be inserted along a straight line without touching bone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.distance_field import aligned_grid, distance, field_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing.insertion import TRAVEL_MM, CollisionProbe, best_direction, directions_within

PATH_STEP_MM = 1.0
PATH_POINTS = 4000
"""Number of surface points that are moved along the path, spread evenly over all distances to the bone."""
CONE_STEP_DEG = 2.5
WIDEST_CONE_DEG = 20.0


@dataclass(frozen=True)
class Insertion:
    """Straight-line insertion of one part.

    Attributes:
        outward_ras: RAS unit vector in which the part is removed.
        collision_mm: How deep it would cut into bone on insertion; 0 for not at all.
        free: Whether that is within the limit.
        place_ras_mm: Point of the part, in its final position, that would cut deepest; None if none would.
        cone_deg: Angle by which the direction may change to any side with the path still free, at most 20°.
    """

    outward_ras: tuple[float, float, float]
    collision_mm: float
    free: bool
    place_ras_mm: tuple[float, float, float] | None
    cone_deg: float


def check_insertion(
    points: np.ndarray,
    skull: Volume,
    outward: np.ndarray,
    directions: Sequence[Sequence[float]],
    *,
    limit_mm: float,
) -> Insertion:
    """Find the direction in which a part with these surface points can be inserted, and how far it may vary.

    Args:
        points: Surface points of the part, RAS mm, shape (N, 3).
        skull: Mask of the defective skull.
        outward: RAS direction out of the head at the part, shape (3,).
        directions: RAS directions in which the part may be removed, of any length; if none is free, one is searched.
        limit_mm: Deepest contact with bone that does not count as a collision.
    """
    probe = path_probe(points, skull, outward)
    given = [np.asarray(direction, dtype=float) / np.linalg.norm(direction) for direction in directions]
    best = min(given, key=probe.collision_mm, default=None)
    if best is None or probe.collision_mm(best) > limit_mm:
        searched = best_direction(probe, outward, 0.0)
        best = searched if best is None or probe.collision_mm(searched) < probe.collision_mm(best) else best
    deepest, cone_deg = probe.collision_mm(best), 0.0
    if deepest <= limit_mm:
        for angle in np.arange(CONE_STEP_DEG, WIDEST_CONE_DEG + 1e-6, CONE_STEP_DEG).tolist():
            ring = directions_within(best, angle, angle)[1:]
            if any(probe.collision_mm(direction) > limit_mm for direction in ring):
                break
            cone_deg = angle
    place = None
    if deepest > 0:
        x, y, z = np.round(probe.deepest_point(best), 2).tolist()
        place = (x, y, z)
    r, a, s = np.round(best, 4).tolist()
    return Insertion((r, a, s), round(deepest, 2), deepest <= limit_mm, place, cone_deg)


def path_probe(points: np.ndarray, skull: Volume, outward: np.ndarray) -> CollisionProbe:
    """Return the probe that moves surface points of a part along a path.

    Args:
        points: Surface points, RAS mm, shape (N, 3), of which ``PATH_POINTS`` are moved.
        skull: Mask of the defective skull.
        outward: RAS direction out of the head at the part, shape (3,).
    """
    grid = aligned_grid(points, outward, margin_mm=0.75 * TRAVEL_MM, step_mm=PATH_STEP_MM)
    bone_mm = distance(field_of(skull, grid))
    near = ndimage.map_coordinates(bone_mm.voxels, grid.to_indices(points).T, order=1, prefilter=False)
    order = np.argsort(near)
    return CollisionProbe(points[order[:: len(order) // PATH_POINTS + 1]], bone_mm, 1.0)
