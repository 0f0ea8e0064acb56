"""The bone that the shape model fills in, and its way from the model's space to the voxels of a skull."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from CraNeXtLib.anatomy.head.alignment import Alignment
from CraNeXtLib.anatomy.head.model_space_grid import ModelSpaceGrid
from CraNeXtLib.anatomy.head.radial_maps import FIRST_MM, LAST_MM, RadialGrid
from CraNeXtLib.completion.proposal import Proposal
from CraNeXtLib.geometry.box import box_around
from CraNeXtLib.geometry.volume import Volume

_MARGIN_VOXELS = 3
"""The box of a proposal extends this far beyond the filled bone."""


@dataclass(frozen=True, eq=False)
class ShapeModelFill:
    """Bone to fill in: a layer between two surfaces, given by radial maps in the model's space.

    Args:
        grid: Pixels of the maps; all images below have its shape.
        outer: Radius of the outer surface in mm; meaningless where ``known`` is false.
        thickness: Distance from the outer to the inner surface in mm; meaningless where ``known`` is false.
        known: Pixels that have a surface, seen or predicted.
        to_fill: Pixels whose bone is filled in.
        unseen: Pixels where no bone was seen, or none that could be relied on.
    """

    grid: RadialGrid
    outer: np.ndarray
    thickness: np.ndarray
    known: np.ndarray
    to_fill: np.ndarray
    unseen: np.ndarray

    @property
    def is_empty(self) -> bool:
        """Whether nothing is filled in."""
        return not self.to_fill.any()

    def surface_points(self) -> np.ndarray:
        """Return points on both surfaces of the filled bone, shape (N, 3), in mm."""
        directions, outer = self.grid.directions[self.to_fill], self.outer[self.to_fill]
        radii = np.stack([outer, outer - self.thickness[self.to_fill]])
        return (directions * radii[..., None]).reshape(-1, 3)

    def depth(self, points: np.ndarray) -> np.ndarray:
        """Return the depth of points below the nearer surface of the bone, in mm.

        Args:
            points: Positions in the model's space, shape (N, 3), in mm.

        Returns:
            Shape (N,): positive in the bone, negative outside, minus infinity where nothing is filled in.
        """
        depths = np.full(len(points), -np.inf)
        radii = np.linalg.norm(points, axis=1)
        indices, pixels = self._in_filled_pixels(points, radii)
        outer, inner = (ndimage.map_coordinates(surface, pixels, order=1) for surface in self._surfaces)
        depths[indices] = np.minimum(outer - radii[indices], radii[indices] - inner)
        return depths

    def sample(self, image: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Interpolate an image at points.

        Args:
            image: Values on ``grid``, valid at the pixels to fill.
            points: Positions in the model's space, shape (N, 3), in mm.

        Returns:
            float32 of shape (N,); 0 where nothing is filled in.
        """
        values = np.zeros(len(points), np.float32)
        indices, pixels = self._in_filled_pixels(points, np.linalg.norm(points, axis=1))
        values[indices] = ndimage.map_coordinates(_extrapolated(image, self.to_fill), pixels, order=1)
        return values

    def on_grid(self, grid: ModelSpaceGrid) -> np.ndarray:
        """Return the occupancy of the filled bone on a grid in the model's space, float32 of the grid's shape."""
        empty = Volume(np.zeros(grid.shape, bool), grid.affine)
        proposal = render(empty, Alignment(np.eye(4), 0.0), self)
        values = np.zeros(grid.shape, np.float32)
        if not self.is_empty:
            values[proposal.box] = proposal.probability
        return values

    def _in_filled_pixels(self, points: np.ndarray, radii: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the indices of the points whose ray passes a pixel to fill, and their fractional pixels, (2, N)."""
        indices = np.flatnonzero((radii > FIRST_MM) & (radii < LAST_MM))
        pixels = self.grid.pixels(points[indices] / radii[indices, None])
        filled = ndimage.map_coordinates(self.to_fill.astype(np.float32), pixels, order=1) >= 0.5
        return indices[filled], pixels[:, filled]

    @cached_property
    def _surfaces(self) -> tuple[np.ndarray, np.ndarray]:
        """Radius of the outer and of the inner surface at every pixel."""
        outer, thickness = (_extrapolated(image, self.known) for image in (self.outer, self.thickness))
        return outer, outer - thickness


def _extrapolated(image: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Fill unknown pixels with the nearest known value, so that interpolation at the border meets no cliff."""
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    return image[tuple(nearest)]


def render(skull: Volume, alignment: Alignment, fill: ShapeModelFill) -> Proposal:
    """Return the occupancy of the skull's own bone and the filled bone, in a box around the latter.

    Args:
        skull: Mask of the defective skull.
        alignment: From the model's space to the skull.
        fill: What to fill in; may be empty.
    """
    if fill.is_empty:
        return Proposal.nothing()
    box = box_around(skull.to_indices(alignment.apply(fill.surface_points())), skull.shape, margin=_MARGIN_VOXELS)
    part = skull.crop(box)
    return Proposal(box, np.fmax(fill_occupancy(part, alignment, fill), part.voxels))


def fill_occupancy(part: Volume, alignment: Alignment, fill: ShapeModelFill) -> np.ndarray:
    """Return the occupancy of the filled bone.

    Args:
        part: A part of the skull.
        alignment: From the model's space to the skull.
        fill: What to fill in.

    Returns:
        float32 of the part's shape, 0 to 1; NaN where nothing is filled in.
    """
    to_model = np.linalg.inv(alignment.matrix) @ part.affine
    voxel_mm = np.cbrt(abs(np.linalg.det(to_model[:3, :3])))
    values = np.empty(part.shape, np.float32)
    rows = np.indices(part.shape[1:]).reshape(2, -1).T @ to_model[:3, 1:3].T + to_model[:3, 3]
    for i, slab in enumerate(values):
        depth = fill.depth(rows + to_model[:3, 0] * i)
        # A voxel whose center lies on the surface is half bone.
        occupancy = np.where(np.isneginf(depth), np.nan, np.clip(0.5 + depth / voxel_mm, 0, 1))
        slab[...] = occupancy.reshape(slab.shape)
    return values
