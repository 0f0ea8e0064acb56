"""The two sides of a curved plate, and its thickness between them."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.point_tree import point_tree

OUTER, INNER, RIM = 1, -1, 0
"""Sides of a plate: facing out of the head, facing into it, and in between."""

FACING = 0.5
"""Cosine: a vertex is on the outer or inner side if its normal is within 60° of out of or into the head."""


def sides(mesh: Mesh, center: np.ndarray, *, facing: float = FACING) -> np.ndarray:
    """Return the side of each vertex: ``OUTER``, ``INNER`` or ``RIM``, shape (N,).

    Args:
        mesh: Surface of a plate, in RAS mm.
        center: A point in the middle of the head, RAS mm, shape (3,).
        facing: Least cosine between the normal and the direction out of or into the head.
    """
    outward = mesh.vertices - center
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
    cosines = (mesh.vertex_normals * outward).sum(axis=1)
    return np.where(cosines > facing, OUTER, np.where(cosines < -facing, INNER, RIM))


def wall_thickness(mesh: Mesh, side: np.ndarray) -> np.ndarray:
    """Return the distance of each vertex to the opposite side, in mm, shape (N,); NaN on the rim.

    It is measured to the nearest vertex and not straight through: a ray from near the rim may run along the plate.

    Args:
        mesh: Surface of a plate.
        side: Result of ``sides`` for it.
    """
    walls = np.full(len(mesh.vertices), np.nan)
    outer, inner = (np.flatnonzero(side == which) for which in (OUTER, INNER))
    if len(outer) and len(inner):
        for these, others in ((outer, inner), (inner, outer)):
            walls[these] = point_tree(mesh.vertices[others]).query(mesh.vertices[these])[0]
    return walls
