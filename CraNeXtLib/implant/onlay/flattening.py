"""A curved surface laid flat with as little stretch as possible, as rigid as possible (Liu et al. 2008, ARAP)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CraNeXtLib.geometry.mesh import Mesh

_ITERATIONS = 30
_LEAST_WEIGHT = 1e-3  # of an edge, so that obtuse triangles cannot turn over


@dataclass(frozen=True, eq=False)
class Flattening:
    """A surface laid flat.

    Args:
        points: Its vertices in the plane in mm, shape (N, 2); the outer side faces the viewer.
        largest_strain_percent: Largest change of the length of an edge.
        p95_strain_percent: 95 % of the edges change by less.
        area_percent: Change of the whole area, negative if the flat one is smaller.
    """

    points: np.ndarray
    largest_strain_percent: float
    p95_strain_percent: float
    area_percent: float


def flattened(surface: Mesh, start: np.ndarray) -> Flattening:
    """Lay a surface flat: each triangle is fitted by a rotation, then all vertices at once, in turn.

    Args:
        surface: A surface with a border.
        start: A first guess in the plane, such as its view from outside, in mm, shape (N, 2).
    """
    from scipy import sparse
    from scipy.sparse.linalg import splu

    faces = surface.faces
    local = _in_own_planes(surface.vertices[faces])
    weights = np.maximum(_cotangents(local), _LEAST_WEIGHT)
    first, second = faces[:, [1, 2, 0]], faces[:, [2, 0, 1]]  # ends of the edge opposite to each corner
    count = len(surface.vertices)
    ones = sparse.coo_array((weights.ravel(), (first.ravel(), second.ravel())), shape=(count, count)).tocsr()
    ones = ones + ones.T
    laplacian = sparse.diags_array(np.asarray(ones.sum(axis=1)).ravel()) - ones
    solver = splu((laplacian + sparse.coo_array(([1.0], ([0], [0])), shape=(count, count))).tocsc())  # holds vertex 0
    edges = np.roll(local, -2, axis=1) - np.roll(local, -1, axis=1)
    points = start.astype(float).copy()
    for _ in range(_ITERATIONS):
        now = points[second] - points[first]
        turn = _rotations(np.einsum("fe,fei,fej->fij", weights, now, edges))
        wanted = weights[..., None] * np.einsum("fij,fej->fei", turn, edges)
        right = np.zeros((count, 2))
        for axis in range(2):
            right[:, axis] = np.bincount(second.ravel(), weights=wanted[..., axis].ravel(), minlength=count)
            right[:, axis] -= np.bincount(first.ravel(), weights=wanted[..., axis].ravel(), minlength=count)
        points = solver.solve(right)
    lengths, flat = np.linalg.norm(edges, axis=2), np.linalg.norm(points[second] - points[first], axis=2)
    strain = 100 * np.abs(flat / np.maximum(lengths, 1e-9) - 1)
    area = _areas(points[faces]).sum() / _areas(local).sum()
    return Flattening(points, float(strain.max()), float(np.percentile(strain, 95)), float(100 * (area - 1)))


def _in_own_planes(corners: np.ndarray) -> np.ndarray:
    """Return triangles in the plane, counter-clockwise, shape (M, 3, 2)."""
    along, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    length = np.linalg.norm(along, axis=1)
    x = (along * other).sum(axis=1) / length
    y = np.linalg.norm(np.cross(along, other), axis=1) / length
    zero = np.zeros_like(x)
    return np.stack([np.stack([zero, zero], 1), np.stack([length, zero], 1), np.stack([x, y], 1)], axis=1)


def _cotangents(local: np.ndarray) -> np.ndarray:
    """Return half the cotangent of each corner's angle, shape (M, 3)."""
    a, b = np.roll(local, -1, axis=1) - local, np.roll(local, -2, axis=1) - local
    crosses = np.abs(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])
    halves: np.ndarray = (a * b).sum(axis=2) / np.maximum(crosses, 1e-9) / 2
    return halves


def _rotations(matrices: np.ndarray) -> np.ndarray:
    """Return the rotation nearest to each 2×2 matrix, shape (M, 2, 2)."""
    cosine, sine = matrices[:, 0, 0] + matrices[:, 1, 1], matrices[:, 1, 0] - matrices[:, 0, 1]
    length = np.maximum(np.hypot(cosine, sine), 1e-12)
    cosine, sine = cosine / length, sine / length
    return np.stack([np.stack([cosine, -sine], 1), np.stack([sine, cosine], 1)], axis=1)


def _areas(triangles: np.ndarray) -> np.ndarray:
    """Return the signed areas of triangles in the plane, shape (M,)."""
    a, b = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    areas: np.ndarray = (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / 2
    return areas
