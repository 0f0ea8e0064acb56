"""The two sides of a curved plate, and its thickness between them."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from CraNeXtLib.geometry.mesh import Mesh, vertex_normals

FACING = 0.5  # a vertex looks outward, or inward, if its normal does so by less than 60°


def sides(mesh: Mesh, centre: np.ndarray, *, facing: float = FACING) -> np.ndarray:
    """Return 1 for vertices that look out of the head, -1 for those that look into it, 0 for those of the rim.

    Args:
        mesh: Surface of a plate, faces turned outward.
        centre: A point in the middle of the head, RAS mm, shape (3,).
        facing: Least cosine between normal and way out, or in.
    """
    outward = mesh.vertices - centre
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
    cosines = (vertex_normals(mesh) * outward).sum(axis=1)
    return np.where(cosines > facing, 1, np.where(cosines < -facing, -1, 0))


def wall_thickness(mesh: Mesh, side: np.ndarray) -> np.ndarray:
    """Return the distance of each vertex to the nearest of the other side, in mm, shape (N,); NaN on the rim.

    The nearest and not the one straight through: a ray that starts near the rim may run along the plate.

    Args:
        mesh: Surface of a plate.
        side: What ``sides`` returned for it.
    """
    walls = np.full(len(mesh.vertices), np.nan)
    outer, inner = (np.flatnonzero(side == which) for which in (1, -1))
    if len(outer) and len(inner):
        for these, others in ((outer, inner), (inner, outer)):
            walls[these] = cKDTree(mesh.vertices[others]).query(mesh.vertices[these])[0]
    return walls
