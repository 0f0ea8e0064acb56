"""A part seen along the insertion direction: its outline, its outer surface and its slope, as maps of shape (I, J)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.volume import Volume

_SLOPE_MM = 2.0  # standard deviation of the smoothing before slopes are taken


@dataclass(frozen=True, eq=False)
class PlanView:
    """The view of a field along its third axis, which points out of the head.

    Args:
        part: Field of the part, shape (I, J, K).
    """

    part: Volume

    @property
    def step(self) -> float:
        """Distance between neighboring columns, in mm."""
        return float(self.part.spacing[0])

    @cached_property
    def outline(self) -> np.ndarray:
        """Whether a column passes through the part."""
        return np.any(self.part.voxels < 0, axis=2)

    @cached_property
    def top(self) -> np.ndarray:
        """Index of the part's uppermost voxel; outside the outline, that of the nearest column inside."""
        inside = self.part.voxels < 0
        return self._extended(inside.shape[2] - 1 - inside[..., ::-1].argmax(axis=2))

    @cached_property
    def bottom(self) -> np.ndarray:
        """Index of the part's lowest voxel; outside the outline, that of the nearest column inside."""
        return self._extended((self.part.voxels < 0).argmax(axis=2))

    @cached_property
    def smooth_top(self) -> np.ndarray:
        """``top`` without the stairs of the voxels."""
        return ndimage.gaussian_filter(self.top, _SLOPE_MM / self.step)

    @cached_property
    def border_distance_mm(self) -> np.ndarray:
        """Distance of each column inside the outline to the border, in mm."""
        return ndimage.distance_transform_edt(np.pad(self.outline, 1))[1:-1, 1:-1] * self.step

    @cached_property
    def normals(self) -> np.ndarray:
        """Unit normals of the outer surface in grid axes, shape (I, J, 3)."""
        slopes = np.gradient(self.smooth_top)
        normals = np.stack([-slopes[0], -slopes[1], np.ones_like(self.top)], axis=-1)
        return normals / np.linalg.norm(normals, axis=-1, keepdims=True)

    def outward_cosines(self, center: np.ndarray) -> np.ndarray:
        """Return the cosines between the outer surface's normals and the directions out of the head.

        Args:
            center: A point in the middle of the head, RAS mm, shape (3,).
        """
        start = self.part.to_indices(np.asarray(center)[None])[0]
        offsets = np.concatenate([np.indices(self.top.shape), self.top[None]]).transpose(1, 2, 0) - start
        return (self.normals * offsets).sum(axis=-1) / np.maximum(np.linalg.norm(offsets, axis=-1), 1e-9)

    def _extended(self, heights: np.ndarray) -> np.ndarray:
        """Return a map with the value of the nearest column inside the outline where a column lies outside."""
        nearest = ndimage.distance_transform_edt(~self.outline, return_distances=False, return_indices=True)
        extended: np.ndarray = heights.astype(float)[tuple(nearest)]
        return extended
