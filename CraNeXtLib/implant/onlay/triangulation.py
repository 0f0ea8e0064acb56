"""Triangles that fill a region of the plane with a smooth border."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

_ROOM = 0.6  # distance of inner points from the border, in distances between points


def triangulated(inside: np.ndarray, pitch: float) -> tuple[np.ndarray, np.ndarray]:
    """Return points, shape (N, 2), and counter-clockwise triangles, shape (M, 3), of the region inside.

    Along the border, points are half as far apart as inside, so that the Delaunay triangulation contains it.

    Args:
        inside: Field that is negative in one region without holes, shape (I, J).
        pitch: Distance between the points, in pixels.
    """
    from scipy.spatial import Delaunay
    from skimage.measure import find_contours

    border = _even(max(find_contours(inside, 0.0), key=len)[:-1], pitch / 2)
    rows, columns = (np.arange(0, size - 1, pitch) for size in inside.shape)
    lattice = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    values = ndimage.map_coordinates(inside, lattice.T, order=1)
    near = np.linalg.norm(lattice[:, None] - border[None], axis=2).min(axis=1) if len(lattice) else np.zeros(0)
    points = np.concatenate([border, lattice[(values < 0) & (near > _ROOM * pitch)]])
    faces = Delaunay(points).simplices
    faces = faces[_inside(points[faces].mean(axis=1), border)]
    a, b, c = points[faces].transpose(1, 0, 2)
    turn = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    faces = faces[np.abs(turn) > 1e-9]
    faces[turn[np.abs(turn) > 1e-9] < 0] = faces[turn[np.abs(turn) > 1e-9] < 0][:, ::-1]
    return points, faces


def boundary_loop(faces: np.ndarray) -> np.ndarray:
    """Return the vertices along the longest border of a surface, in the direction of its faces.

    >>> boundary_loop(np.array([[0, 1, 2], [0, 2, 3]])).tolist()
    [0, 1, 2, 3]
    """
    edges = {(int(a), int(b)) for face in faces for a, b in zip(face, np.roll(face, -1), strict=True)}
    following = {a: b for a, b in sorted(edges) if (b, a) not in edges}
    loops: list[list[int]] = []
    while following:
        loop = [min(following)]
        while loop[-1] in following:
            loop.append(following.pop(loop[-1]))
        loops.append(loop[:-1])
    return np.array(max(loops, key=len))


def _even(line: np.ndarray, pitch: float) -> np.ndarray:
    """Return points about so far apart along a closed line."""
    closed = np.concatenate([line, line[:1]])
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    places = np.linspace(0, along[-1], max(3, round(along[-1] / pitch)), endpoint=False)
    return np.stack([np.interp(places, along, closed[:, axis]) for axis in range(2)], axis=1)


def _inside(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Return which points lie inside a polygon, bool of shape (N,), by the parity of crossings."""
    odd = np.zeros(len(points), bool)
    for (x1, y1), (x2, y2) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        crosses = (y1 > points[:, 1]) != (y2 > points[:, 1])
        odd ^= crosses & (points[:, 0] < (x2 - x1) * (points[:, 1] - y1) / np.where(y2 == y1, 1, y2 - y1) + x1)
    return odd
