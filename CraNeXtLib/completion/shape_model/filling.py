"""From the model's space to the voxels of a skull: what the shape model fills in."""

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

MARGIN = 3  # voxels around what is filled


@dataclass(frozen=True, eq=False)
class Filling:
    """Bone to fill in: between two surfaces that rays from the origin meet, in the model's space.

    Args:
        grid: Pixels of the images.
        outer: Radius of the outer surface, image in mm; anything where ``known`` is false.
        thickness: Distance of the inner from the outer surface.
        known: Which pixels have values.
        fill: Which of them to fill.
        unseen: Of which no bone was seen, or bone that was not relied on.
    """

    grid: RadialGrid
    outer: np.ndarray
    thickness: np.ndarray
    known: np.ndarray
    fill: np.ndarray
    unseen: np.ndarray

    def points(self) -> np.ndarray:
        """Return points that span it, shape (N, 3)."""
        directions, outer = self.grid.directions[self.fill], self.outer[self.fill]
        radii = np.stack([outer, outer - self.thickness[self.fill]])
        return (directions * radii[..., None]).reshape(-1, 3)

    def depth(self, points: np.ndarray) -> np.ndarray:
        """Return how deep in the bone points lie, in mm, negative outside; minus infinity where nothing is filled."""
        depths = np.full(len(points), -np.inf)
        radii = np.linalg.norm(points, axis=1)
        close, pixels = self._filled(points, radii)
        outer, inner = (ndimage.map_coordinates(surface, pixels, order=1) for surface in self._surfaces)
        depths[close] = np.minimum(outer - radii[close], radii[close] - inner)
        return depths

    def sample(self, image: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Return at points the values of an image that is known at the pixels to fill; 0 where nothing is filled."""
        values = np.zeros(len(points), np.float32)
        close, pixels = self._filled(points, np.linalg.norm(points, axis=1))
        values[close] = ndimage.map_coordinates(_continued(image, self.fill), pixels, order=1)
        return values

    def on_grid(self, grid: ModelSpaceGrid) -> np.ndarray:
        """Return the share of each voxel of a grid in the model's space that is filled in, float32."""
        empty = Volume(np.zeros(grid.shape, bool), grid.affine)
        proposal = render(empty, Alignment(np.eye(4), 0.0), self)
        values = np.zeros(grid.shape, np.float32)
        if self.fill.any():
            values[proposal.box] = proposal.probability
        return values

    def _filled(self, points: np.ndarray, radii: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the indices of points, at radii, over pixels to fill, and their fractional pixels, shape (2, N)."""
        close = np.flatnonzero((radii > FIRST_MM) & (radii < LAST_MM))
        pixels = self.grid.pixels(points[close] / radii[close, None])
        filled = ndimage.map_coordinates(self.fill.astype(np.float32), pixels, order=1) >= 0.5
        return close[filled], pixels[:, filled]

    @cached_property
    def _surfaces(self) -> tuple[np.ndarray, np.ndarray]:
        """Return both surfaces."""
        outer, thickness = (_continued(image, self.known) for image in (self.outer, self.thickness))
        return outer, outer - thickness


def _continued(image: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return an image continued from the nearest known pixel: interpolation must not meet a cliff."""
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    return image[tuple(nearest)]


def render(skull: Volume, alignment: Alignment, filling: Filling) -> Proposal:
    """Return the share of bone in every voxel of a box around what is filled in: the skull's own and the model's.

    Args:
        skull: Mask of the defective skull.
        alignment: From the model's space to the skull.
        filling: What to fill in; may be nothing.
    """
    if not filling.fill.any():
        return Proposal((slice(0, 1),) * 3, np.zeros((1, 1, 1), np.float32))
    box = box_around(skull.to_indices(alignment.apply(filling.points())), skull.shape, margin=MARGIN)
    part = skull.crop(box)
    return Proposal(box, np.fmax(shares(part, alignment, filling), part.voxels))


def shares(part: Volume, alignment: Alignment, filling: Filling) -> np.ndarray:
    """Return the share of bone that is filled into each voxel, float32 of the part's shape; NaN where nothing is.

    Args:
        part: A part of the skull.
        alignment: From the model's space to the skull.
        filling: What to fill in.
    """
    to_model = np.linalg.inv(alignment.matrix) @ part.affine
    softness_mm = np.cbrt(abs(np.linalg.det(to_model[:3, :3])))
    values = np.empty(part.shape, np.float32)
    rows = np.indices(part.shape[1:]).reshape(2, -1).T @ to_model[:3, 1:3].T + to_model[:3, 3]
    for i, slab in enumerate(values):
        depth = filling.depth(rows + to_model[:3, 0] * i)
        share = np.where(np.isneginf(depth), np.nan, np.clip(0.5 + depth / softness_mm, 0, 1))
        slab[...] = share.reshape(slab.shape)
    return values
