"""Whether each segment of a part goes in along its own way, past bone and past the segments that are in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.solids import is_closed, solid_from
from CraNeXtLib.geometry.surface_distance import distances_to
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing.insertion import TRAVEL_MM
from CraNeXtLib.implant.fit.insertion_check import PATH_POINTS, path_probe

_SHORTEST_STEP_MM = 0.25


@dataclass(frozen=True)
class SegmentFit:
    """How one segment goes in.

    Attributes:
        number: Its number, in the order of insertion.
        outward_ras: RAS unit vector in which it is removed.
        volume_ml: Its volume.
        watertight: Whether its surface is closed.
        collision_mm: How deep it would cut into bone or into a segment before it on its way; 0 for not at all.
        place_ras_mm: Point of the segment, in its final position, that would cut deepest; None if none would.
        joint_gap_mm: Least distance to a segment before it, in place, negative for overlap; None for the first.
    """

    number: int
    outward_ras: tuple[float, float, float]
    volume_ml: float
    watertight: bool
    collision_mm: float
    place_ras_mm: tuple[float, float, float] | None
    joint_gap_mm: float | None


def check_segments(
    segments: Sequence[Mesh], directions: Sequence[tuple[float, float, float]], skull: Volume
) -> tuple[SegmentFit, ...]:
    """Move each segment out along its way.

    Args:
        segments: Their surfaces, RAS mm, in the order of insertion.
        directions: RAS unit vectors in which they are removed.
        skull: Mask of the defective skull.
    """
    checked = []
    for number, (mesh, outward) in enumerate(zip(segments, directions, strict=True), 1):
        way, points = np.array(outward), mesh.vertices
        probe = path_probe(points, skull, way)
        depth_mm, place, gap_mm = probe.collision_mm(way), probe.deepest_point(way), None
        for before in segments[: number - 1]:
            in_place = distances_to(before, points)
            gap_mm = min(_gap_mm(before, mesh, float(in_place.min())), np.inf if gap_mm is None else gap_mm)
            nearest = np.argsort(in_place)[:PATH_POINTS]
            clear_mm = _least_distance_mm(points[nearest], way, before)
            if -clear_mm.min() > depth_mm:
                depth_mm, place = -float(clear_mm.min()), points[nearest][clear_mm.argmin()]
        r, a, s = np.round(place, 2).tolist()
        checked.append(
            SegmentFit(
                number,
                outward,
                round(mesh.volume_ml, 3),
                mesh.is_watertight,
                round(depth_mm, 2),
                (r, a, s) if depth_mm > 0 else None,
                None if gap_mm is None else round(gap_mm, 2),
            )
        )
    return tuple(checked)


def _gap_mm(before: Mesh, mesh: Mesh, at_points_mm: float) -> float:
    """Return the least distance of two surfaces in mm, negative or 0 for overlap.

    Surfaces can be nearest between two edges, or at a point of the one before, which no point of the later one shows.

    Args:
        before: Surface of the segment before.
        mesh: Surface of the later segment.
        at_points_mm: Least distance of the latter's points from the former, negative inside.
    """
    solids = [solid_from(each.vertices, each.faces) for each in (before, mesh)]
    if at_points_mm <= 0 or not all(map(is_closed, solids)):
        return at_points_mm
    return float(solids[0].min_gap(solids[1], at_points_mm))


def _least_distance_mm(points: np.ndarray, way: np.ndarray, obstacle: Mesh) -> np.ndarray:
    """Return how near points come to a surface on a straight way, in mm, negative inside, shape (N,).

    A point that is so far from the surface can be moved by as much without touching it.
    """
    least, moved = np.full(len(points), np.inf), np.zeros(len(points))
    going = np.arange(len(points))
    while going.size:
        distance = distances_to(obstacle, points[going] + moved[going, None] * way)
        least[going] = np.minimum(least[going], distance)
        moved[going] += np.maximum(distance, _SHORTEST_STEP_MM)
        going = going[moved[going] < TRAVEL_MM]
    return least
