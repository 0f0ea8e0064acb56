"""Where lines along the third axis enter and leave a part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from scipy.spatial import KDTree

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_voxels import crossings

if TYPE_CHECKING:
    from manifold3d import Manifold

# A line through an edge or a corner would count two faces or none, so the lines are shifted a little.
_SHIFT = np.array([1.234e-5, 2.345e-5])


@dataclass(frozen=True)
class PlaneGrid:
    """Places on a square lattice in the plane of the first two axes.

    Args:
        corner: The first place, shape (2,).
        step_mm: Distance between neighbors.
        shape: Number of places along both axes.
    """

    corner: np.ndarray
    step_mm: float
    shape: tuple[int, int]

    @classmethod
    def around(cls, low: np.ndarray, high: np.ndarray, step_mm: float) -> PlaneGrid:
        """Return a grid whose middle is that of a rectangle and that covers it."""
        shape = np.ceil((high - low) / step_mm - 1e-6).astype(int) + 1
        corner = (low + high) / 2 - (shape - 1) * step_mm / 2
        return cls(corner, step_mm, (int(shape[0]), int(shape[1])))

    @property
    def far_corner(self) -> np.ndarray:
        """The last place, shape (2,)."""
        return self.corner + (np.array(self.shape) - 1) * self.step_mm

    @property
    def reach_mm(self) -> float:
        """How far a surface through all places rises beside a place that is higher than its neighbors."""
        return self.step_mm * float(np.sqrt(2))

    @property
    def places(self) -> np.ndarray:
        """All places, shape (I, J, 2)."""
        return self.corner + np.moveaxis(np.indices(self.shape), 0, -1) * self.step_mm


_OUTLINE_MM = 0.2  # between points of an outline: its distance from a place 1 mm away is 0.005 mm off at most


@dataclass(frozen=True, eq=False)
class Columns:
    """A part along the lines through the places of a grid; each array has the shape (I, J) of the grid.

    Attributes:
        inside: Whether a line meets the part.
        lowest: Where it first enters, in mm on the third axis; NaN where it meets nothing.
        highest: Where it last leaves.
        trapped_mm: How much of it lies between parts of the part.
    """

    inside: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    trapped_mm: np.ndarray


def columns_of(mesh: Mesh, grid: PlaneGrid) -> Columns:
    """Return a part along the lines of a grid.

    Args:
        mesh: Its closed surface.
        grid: The lines' places.
    """
    scale = np.array([grid.step_mm, grid.step_mm, 1.0])
    points = (mesh.vertices - [*(grid.corner + _SHIFT), 0]) / scale
    face, column, height = crossings(points[mesh.faces], grid.shape)
    a, b, c = (points[mesh.faces[face, corner], :2] for corner in range(3))
    leaves = np.cross(b - a, c - a) > 0
    count = grid.shape[0] * grid.shape[1]
    lowest, highest = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(lowest, column, height)
    np.maximum.at(highest, column, height)
    solid_mm = np.bincount(column, weights=np.where(leaves, height, -height), minlength=count)
    inside = highest > lowest
    lowest, highest = np.where(inside, lowest, np.nan), np.where(inside, highest, np.nan)
    trapped = np.where(inside, np.maximum(highest - lowest - solid_mm, 0), 0)
    return Columns(*(values.reshape(grid.shape) for values in (inside, lowest, highest, trapped)))


def beside_mm(part: Manifold, columns: Columns, grid: PlaneGrid) -> np.ndarray:
    """Return how far each place lies beside a part, seen along the third axis, shape (I, J); 0 on it and in its holes.

    Args:
        part: The part.
        columns: The part along the lines of the grid.
        grid: The places.
    """
    points = np.concatenate([_along(np.asarray(outline)) for outline in part.project().to_polygons()])
    distance, _ = KDTree(points).query(grid.places)
    return np.where(ndimage.binary_fill_holes(columns.inside), 0.0, distance)


def _along(outline: np.ndarray) -> np.ndarray:
    """Return points along a closed line with corners of shape (N, 2), at most ``_OUTLINE_MM`` apart, shape (M, 2)."""
    step = np.roll(outline, -1, axis=0) - outline
    counts = np.ceil(np.linalg.norm(step, axis=1) / _OUTLINE_MM).astype(int).clip(1)
    within = (np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)) / np.repeat(counts, counts)
    return np.repeat(outline, counts, axis=0) + within[:, None] * np.repeat(step, counts, axis=0)
