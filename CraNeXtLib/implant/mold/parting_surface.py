"""The parting surface: a height for each place across the opening direction, so that the halves can be lifted apart.

Along the silhouette of the part it runs in the middle of the rim; outside it, and in holes through the part, it is as
smooth as possible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse import linalg

from CraNeXtLib.implant.mold.columns import Columns, PlaneGrid
from CraNeXtLib.implant.mold.solids import extruded

if TYPE_CHECKING:
    from manifold3d import Manifold

_SMOOTHING = 1.0  # standard deviation, in places of the grid


def parting_heights(columns: Columns) -> np.ndarray:
    """Return the heights of the parting surface in mm, shape (I, J)."""
    middle = (columns.lowest + columns.highest) / 2
    return ndimage.gaussian_filter(spread(middle, columns.inside), _SMOOTHING, mode="nearest")


def spread(heights: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return heights, shape (I, J), with those that are not known as a membrane would have them, free at the border.

    >>> spread(np.array([[0.0, np.nan, 2.0]]), np.array([[True, False, True]])).tolist()
    [[0.0, 1.0, 2.0]]
    """
    number = np.arange(heights.size).reshape(heights.shape)
    pairs = np.concatenate(
        [
            np.stack([number[:-1].ravel(), number[1:].ravel()]),
            np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()]),
        ],
        axis=1,
    )
    links = sparse.coo_array((np.ones(pairs.shape[1]), tuple(pairs)), shape=(heights.size,) * 2)
    links = (links + links.T).tocsr()
    matrix = (sparse.diags_array(links.sum(axis=1)) - links).tocsr()
    fixed, free = np.flatnonzero(known.ravel()), np.flatnonzero(~known.ravel())
    result = heights.astype(float).ravel().copy()
    if len(free):
        result[free] = linalg.spsolve(matrix[free][:, free].tocsc(), -matrix[free][:, fixed] @ result[fixed])
    return result.reshape(heights.shape)


def below(heights: np.ndarray, grid: PlaneGrid, bottom: float) -> Manifold:
    """Return the solid below a height field, shape (I, J), down to a plane."""
    vertices, faces = _surface(heights, grid)
    return extruded(vertices, faces, bottom)


def above(heights: np.ndarray, grid: PlaneGrid, top: float) -> Manifold:
    """Return the solid above a height field, shape (I, J), up to a plane."""
    vertices, faces = _surface(heights, grid)
    return extruded(vertices, faces[:, ::-1], top)


def _surface(heights: np.ndarray, grid: PlaneGrid) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices and the faces, turned up, of a height field."""
    vertices = np.concatenate([grid.places, heights[..., None]], axis=-1).reshape(-1, 3)
    number = np.arange(heights.size).reshape(heights.shape)
    a, b, c, d = (n.ravel() for n in (number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]))
    return vertices, np.concatenate([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
