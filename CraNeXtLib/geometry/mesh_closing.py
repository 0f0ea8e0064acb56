"""Closing surfaces that are open: where a plane cut them, as at the end of a scan, and at pinholes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh import Mesh

_PINHOLE_MM2 = 20.0
"""Area of the largest hole that is closed anywhere: 5 mm across."""
_PLANE_MM = 1.0
"""How far the edge of a cut may lie off a plane, and a mesh beyond it."""
_MOST_HOLES = 2000


@dataclass(frozen=True)
class Closing:
    """What was closed.

    Attributes:
        cuts: Planes that cut the surface.
        pinholes: Small holes elsewhere.
    """

    cuts: int = 0
    pinholes: int = 0

    def warnings(self, name: str) -> list[str]:
        """Return what the user should know, as sentences."""
        found = []
        if self.cuts:
            where = "a plane" if self.cuts == 1 else f"{self.cuts} planes"
            found.append(f"The surface of {name} is cut open by {where}; it was closed there as if bone ended at it.")
        if self.pinholes:
            found.append(f"{self.pinholes} small hole{'s' * (self.pinholes > 1)} in the surface of {name} were closed.")
        return found


def closed(mesh: Mesh, name: str) -> tuple[Mesh, Closing]:
    """Return a mesh in which every edge has an even number of faces.

    A hole is closed by a cone over its edges. All holes that one plane cut get the same apex, so that the inner and the
    outer surface of a skull are closed as a ring.

    Args:
        mesh: A mesh without duplicated vertices, in mm.
        name: Its name in messages.

    Raises:
        InputError: If a hole is larger than a pinhole and no straight cut through the whole mesh, such as one at a
            defect, where no rule tells bone from gap.
    """
    edges, holes = _open_edges(mesh)
    if not len(edges):
        return mesh, Closing()
    count = int(holes.max()) + 1
    if count > _MOST_HOLES:
        raise InputError(f"The surface of {name} is too broken: it has {count:,} holes; repair it in a mesh editor.")
    cones = [_Cone.over(mesh.vertices[edges[holes == hole]]) for hole in range(count)]
    apexes: list[np.ndarray] = []
    planes: list[tuple[_Cone, int]] = []
    apex_of = np.empty(count, int)
    for hole in sorted(range(count), key=lambda hole: -cones[hole].area_mm2):
        cone = cones[hole]
        same = next((apex for plane, apex in planes if plane.distances(cone.ends).max() <= _PLANE_MM), None)
        apex_of[hole] = len(apexes) if same is None else same
        if same is not None:
            continue
        if cone.area_mm2 > _PINHOLE_MM2:
            _check_cut(cone, mesh, name)
            planes.append((cone, len(apexes)))
        apexes.append(cone.apex)
    added = np.column_stack([edges, len(mesh.vertices) + apex_of[holes]])
    whole = Mesh(np.vstack([mesh.vertices, *apexes]), np.vstack([mesh.faces, added]))
    return whole, Closing(len(planes), len(apexes) - len(planes))


def _open_edges(mesh: Mesh) -> tuple[np.ndarray, np.ndarray]:
    """Return the edges with an odd number of faces, shape (N, 2), and to which hole each belongs, shape (N,)."""
    from scipy import sparse
    from scipy.sparse import csgraph

    sides = np.sort(np.concatenate([mesh.faces[:, pair] for pair in ([0, 1], [1, 2], [2, 0])]), axis=1)
    keys, counts = np.unique(sides[:, 0].astype(np.int64) * len(mesh.vertices) + sides[:, 1], return_counts=True)
    keys = keys[counts % 2 == 1]
    edges = np.column_stack([keys // len(mesh.vertices), keys % len(mesh.vertices)])
    used, ends = np.unique(edges, return_inverse=True)
    ends = ends.reshape(-1, 2)
    graph = sparse.coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(used),) * 2)
    return edges, csgraph.connected_components(graph, directed=False)[1][ends[:, 0]]


@dataclass(frozen=True, eq=False)
class _Cone:
    """The cone over the edges of a hole.

    Attributes:
        ends: The ends of the edges, shape (N, 2, 3).
        apex: Their center.
        normal: Unit normal of the plane that fits them best.
        area_mm2: Area of the cone.
    """

    ends: np.ndarray
    apex: np.ndarray
    normal: np.ndarray
    area_mm2: float

    @classmethod
    def over(cls, ends: np.ndarray) -> _Cone:
        apex = ends.mean(axis=(0, 1))
        arms = ends - apex
        area = np.linalg.norm(np.cross(arms[:, 0], arms[:, 1]), axis=1).sum() / 2
        normal = np.linalg.svd(arms.reshape(-1, 3), full_matrices=False)[2][2]
        return cls(ends, apex, normal, float(area))

    def heights(self, points: np.ndarray) -> np.ndarray:
        """Return how far points, shape (..., 3), lie above the plane."""
        return (points - self.apex) @ self.normal

    def distances(self, points: np.ndarray) -> np.ndarray:
        """Return how far points, shape (..., 3), lie off the plane."""
        return np.abs(self.heights(points))


def _check_cut(cone: _Cone, mesh: Mesh, name: str) -> None:
    """Refuse a hole whose edges are not in a plane that has the whole mesh on one side."""
    heights = cone.heights(mesh.vertices)
    one_sided = heights.max() <= _PLANE_MM or heights.min() >= -_PLANE_MM
    if cone.distances(cone.ends).max() > _PLANE_MM or not one_sided:
        across = np.linalg.norm(np.ptp(cone.ends.reshape(-1, 3), axis=0))
        raise InputError(
            f"The surface of {name} has a hole of {across:.0f} mm that is no straight cut, with {len(cone.ends)} open "
            "edges; close it in a mesh editor, so that bone lies between an outer and an inner surface."
        )
