"""A grid in the space of the shape model, where every head is upright, of one size and symmetrical about R = 0."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from CraNeXtLib.anatomy.head.alignment import Alignment
from CraNeXtLib.anatomy.head.bone_surface import Surface
from CraNeXtLib.geometry.affine import apply_affine
from CraNeXtLib.geometry.box import Box, box_around, corners_between
from CraNeXtLib.geometry.reslicing import reslice
from CraNeXtLib.geometry.volume import Volume

# The head's box reaches above the vertex.
_HEAD_MM, _VERTEX_MARGIN_MM = (180.0, 216.0, 144.0), 25.0
# The face's box holds forehead, orbits and zygomas: it reaches in front of the vault and starts below the vertex.
_FACE_MM, _FACE_MARGIN_MM, _FACE_DEPTH_MM = (132.0, 96.0, 108.0), 11.0, 18.0
# What lies deeper below the mean skull's surface than half of this is not looked for.
_THICKEST_MM = 24.0


@dataclass(frozen=True, eq=False)
class ModelSpaceGrid:
    """A box of the mean skull: 180 × 216 × 144 mm around vault and orbits, or 132 × 96 × 108 mm around the upper face.

    Args:
        surface: The mean skull's surface, whose symmetry plane is R = 0.
        shape: Number of voxels along R, A and S; (80, 96, 64) makes those of the head 2.25 mm, (88, 64, 72) those of
            the face 1.5 mm.
        part: Which box.
        layers_below: How many of the layers of voxels lie below the box.
    """

    surface: Surface
    shape: tuple[int, int, int]
    part: Literal["head", "face"] = "head"
    layers_below: int = 0
    affine: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        points = self.surface.points
        top = np.percentile(points[:, 2], 99.9)
        ends = np.percentile(points[points[:, 2] > top - 100, 1], (0.5, 99.5))
        if self.part == "head":
            size = np.array(_HEAD_MM)
            center = np.array([0.0, ends.mean(), top + _VERTEX_MARGIN_MM - size[2] / 2])
        else:
            size = np.array(_FACE_MM)
            center = np.array([0.0, ends[1] + _FACE_MARGIN_MM - size[1] / 2, top - _FACE_DEPTH_MM - size[2] / 2])
        spacing = size / (self.shape - np.array([0, 0, self.layers_below]))
        affine = np.diag([*spacing, 1.0])
        affine[:3, 3] = center - size / 2 + spacing / 2
        affine[2, 3] -= self.layers_below * spacing[2]
        object.__setattr__(self, "affine", affine)

    @property
    def spacing(self) -> np.ndarray:
        """Distance between voxel centers along R, A and S, in mm of the model's space."""
        return np.diag(self.affine)[:3]

    def deepened(self, layers: int) -> ModelSpaceGrid:
        """Return the grid with more layers of voxels below it; its own are the upper ones."""
        x, y, z = self.shape
        return replace(self, shape=(x, y, z + layers), layers_below=self.layers_below + layers)

    def mean_occupancy(self, layers: int) -> np.ndarray:
        """Return the occupancy of the mean skull in the lowest layers, told from its surface: float32, (X, Y, layers).

        Unlike a mean of occupancies it is sharp where skulls differ.
        """
        shape = (*self.shape[:2], layers)
        voxels = np.indices(shape).reshape(3, -1).T
        points = apply_affine(self.affine, voxels)
        distances, nearest = cKDTree(self.surface.points).query(points, distance_upper_bound=_THICKEST_MM / 2)
        near = np.isfinite(distances)
        points, nearest = points[near], nearest[near]
        outside = np.sum((points - self.surface.points[nearest]) * self.surface.normals[nearest], axis=1)
        values = np.zeros(shape, np.float32)
        values.flat[near] = np.clip(0.5 - outside / self.spacing.mean(), 0, 1)
        return values

    def sample(self, occupancy: Volume, alignment: Alignment) -> np.ndarray:
        """Return the occupancy of each voxel of the grid, float32.

        Args:
            occupancy: Fraction of the skull's own voxels that is bone; they must be finer than the grid's.
            alignment: Alignment from the model's space to the skull.
        """
        matrix = np.linalg.inv(occupancy.affine) @ alignment.matrix @ self.affine
        # What a voxel of the grid covers is averaged first, over an odd number of voxels so that nothing is shifted.
        covered = np.linalg.norm(matrix[:3, :3], axis=1)
        sizes = 2 * np.floor(covered / 2).astype(int) + 1
        smooth = ndimage.uniform_filter(occupancy.voxels, tuple(sizes), mode="constant")
        values: np.ndarray = ndimage.affine_transform(smooth, matrix[:3, :3], matrix[:3, 3], self.shape, order=1)
        return values

    def resample_to(self, other: ModelSpaceGrid, values: np.ndarray) -> np.ndarray:
        """Interpolate values on the grid at the voxels of another grid in the same space; 0 outside this one."""
        return self.restore(values, Volume(np.zeros(other.shape, bool), other.affine), Alignment(np.eye(4), 0.0))

    def restore(self, values: np.ndarray, part: Volume, alignment: Alignment) -> np.ndarray:
        """Interpolate values on the grid at the voxels of a part of the skull; 0 outside the grid."""
        matrix = np.linalg.inv(self.affine) @ np.linalg.inv(alignment.matrix) @ part.affine
        return reslice(values, matrix, part.shape)

    def box(self, mask: np.ndarray, skull: Volume, alignment: Alignment) -> Box:
        """Return the smallest box of the skull's voxels that contains every true voxel of the grid and its neighbors.

        Args:
            mask: Bool array of the grid's shape, not empty.
            skull: The skull.
            alignment: Alignment from the model's space to the skull.
        """
        neighbors = corners_between((-1.0,) * 3, (1.0,) * 3)
        return self._box((np.argwhere(mask)[:, None] + neighbors).reshape(-1, 3), skull, alignment)

    def whole_box(self, skull: Volume, alignment: Alignment, *, margin: float) -> Box:
        """Return the smallest box of the skull's voxels that contains the grid and a margin, in voxels of the grid."""
        corners = corners_between((-1.0 - margin,) * 3, np.array(self.shape) + margin)
        return self._box(corners, skull, alignment)

    def _box(self, indices: np.ndarray, skull: Volume, alignment: Alignment) -> Box:
        points = alignment.apply(apply_affine(self.affine, indices))
        return box_around(skull.to_indices(points), skull.shape)
