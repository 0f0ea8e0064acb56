"""The seat angle: how much the wall of a part's rim leans, so that the part rests on bone instead of sinking in.

It is 0° where the wall is parallel to the way in, positive where the part widens outward and rests on the bone, and
negative where it widens inward, so that nothing holds it (Ridwan-Pramana et al. 2016, J Craniomaxillofac Surg 44:34).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from CraNeXtLib.geometry.mesh import Mesh, face_centers, face_normals
from CraNeXtLib.geometry.point_tree import point_tree

REACH_MM = 3.0
"""Radius of the ball over which the wall is averaged."""

_STATIONS = 400
_MOVES = 3  # until a station has reached the middle of the wall


@dataclass(frozen=True, eq=False)
class SeatAngles:
    """The seat angle at stations along the rim of one part.

    Args:
        degrees: The angles, shape (N,).
        points: Where they are, RAS mm, shape (N, 3).
    """

    degrees: np.ndarray
    points: np.ndarray

    @property
    def worst(self) -> tuple[float, np.ndarray] | None:
        """The smallest angle in degrees and its place, RAS mm, shape (3,); None if no bone is near."""
        if not len(self.degrees):
            return None
        least = int(self.degrees.argmin())
        return round(float(self.degrees[least]), 1), np.round(self.points[least], 2)

    def as_dict(self) -> dict[str, float] | None:
        """Return the distribution for JSON; None if no bone is near."""
        if not len(self.degrees):
            return None
        numbers = np.percentile(self.degrees, [0, 5, 50, 95, 100])
        return {
            **dict(zip(("min", "p05", "median", "p95", "max"), np.round(numbers, 1).tolist(), strict=True)),
            "mean": round(float(self.degrees.mean()), 1),
            "negative_percent": round(100 * float((self.degrees < 0).mean()), 1),
        }


def joined_angles(parts: Sequence[SeatAngles]) -> SeatAngles:
    """Return the angles of several parts as one."""
    return SeatAngles(np.concatenate([part.degrees for part in parts]), np.concatenate([p.points for p in parts]))


def seat_angles(mesh: Mesh, faces_bone: np.ndarray, outward: np.ndarray) -> SeatAngles:
    """Measure how much the wall of a part's rim leans against the way in.

    The sum of the area vectors between the two edges of a wall is that of a flat wall between them, so rounding of both
    edges alike, and noise, cancel out around its middle.

    Args:
        mesh: Surface of the part.
        faces_bone: Whether each vertex belongs to the part and faces bone near it, shape (N,).
        outward: RAS unit vector in which the part is removed, shape (3,).

    Returns:
        No angle if no bone is near.
    """
    wall = faces_bone[mesh.faces].all(axis=1)
    centers, vectors = face_centers(mesh)[wall], face_normals(mesh)[wall] / 2
    areas = np.linalg.norm(vectors, axis=1)
    if not areas.sum():
        return SeatAngles(np.zeros(0), np.zeros((0, 3)))
    tree = point_tree(centers)
    stations = centers[:: len(centers) // _STATIONS + 1]
    for _ in range(_MOVES):
        near = tree.query_ball_point(stations, REACH_MM)
        kept = [indices for indices in near if indices]
        stations = np.array([np.average(centers[i], axis=0, weights=areas[i] + 1e-12) for i in kept])
    sums = np.array([vectors[i].sum(axis=0) for i in tree.query_ball_point(stations, REACH_MM)])
    sines = -(sums @ outward) / np.maximum(np.linalg.norm(sums, axis=1), 1e-12)
    return SeatAngles(np.rad2deg(np.arcsin(np.clip(sines, -1, 1))), stations)
