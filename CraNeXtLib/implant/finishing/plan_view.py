"""A part seen along the way out of the head: its outline, its outer side and how it slopes. Maps of shape (I, J)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.volume import Volume

_SLOPE_MM = 2.0  # over which slopes are taken


@dataclass(frozen=True, eq=False)
class PlanView:
    """The view of a field whose third axis points out of the head.

    Args:
        part: Field of the part.
    """

    part: Volume

    @property
    def step(self) -> float:
        """Distance between neighbouring columns, in mm."""
        return float(self.part.spacing[0])

    @cached_property
    def outline(self) -> np.ndarray:
        """Whether a column meets the part."""
        return (self.part.voxels < 0).any(axis=2)

    @cached_property
    def top(self) -> np.ndarray:
        """Index of the part's uppermost voxel; continued beyond the outline from the nearest column."""
        inside = self.part.voxels < 0
        top = (inside.shape[2] - 1 - inside[..., ::-1].argmax(axis=2)).astype(float)
        nearest = ndimage.distance_transform_edt(~self.outline, return_distances=False, return_indices=True)
        return top[tuple(nearest)]

    @cached_property
    def smooth_top(self) -> np.ndarray:
        """The same without the stairs of the voxels."""
        return ndimage.gaussian_filter(self.top, _SLOPE_MM / self.step)

    @cached_property
    def to_border_mm(self) -> np.ndarray:
        """Distance of each column in the outline to its border, in mm."""
        return ndimage.distance_transform_edt(np.pad(self.outline, 1))[1:-1, 1:-1] * self.step

    @cached_property
    def normals(self) -> np.ndarray:
        """Normals of the outer side, in grid axes, shape (I, J, 3)."""
        slopes = np.gradient(self.smooth_top)
        normals = np.stack([-slopes[0], -slopes[1], np.ones_like(self.top)], axis=-1)
        return normals / np.linalg.norm(normals, axis=-1, keepdims=True)

    def facing(self, centre: np.ndarray) -> np.ndarray:
        """Return the cosine between the outer side's normals and the ways out of the head, from a RAS point in it."""
        start = self.part.to_indices(np.asarray(centre)[None])[0]
        places = np.concatenate([np.indices(self.top.shape), self.top[None]]).transpose(1, 2, 0) - start
        return (self.normals * places).sum(axis=-1) / np.maximum(np.linalg.norm(places, axis=-1), 1e-9)
