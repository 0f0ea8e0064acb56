"""The bone surface of a skull as points with normals, which registration matches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.affine import apply_affine
from CraNeXtLib.geometry.mesh import Mesh, face_normals
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume

_SPACING_MM = 2.0
# Two normals at a right angle are as bad a match as two points this far apart.
_NORMAL_WEIGHT_MM = 15.0


@dataclass(frozen=True, eq=False)
class Surface:
    """A bone surface: points in RAS mm and their outward unit normals, both of shape (N, 3)."""

    points: np.ndarray
    normals: np.ndarray

    def sample(self, count: int) -> Surface:
        """Return at most so many of the points, chosen uniformly at random with a fixed seed."""
        if count >= len(self.points):
            return self
        chosen = np.random.default_rng(0).choice(len(self.points), count, replace=False)
        return Surface(self.points[chosen], self.normals[chosen])

    def moved(self, matrix: np.ndarray) -> Surface:
        """Return the surface after a 4×4 affine map."""
        normals = self.normals @ np.linalg.inv(matrix[:3, :3])
        points = apply_affine(matrix, self.points)
        return Surface(points, normals / np.linalg.norm(normals, axis=1, keepdims=True))

    def features(self) -> np.ndarray:
        """Return what a match compares: positions and weighted normals, shape (N, 6)."""
        return np.hstack([self.points, _NORMAL_WEIGHT_MM / np.sqrt(2) * self.normals])


def bone_surface(skull: Volume) -> Surface:
    """Return the surface of a mask or an occupancy, sampled about every 2 mm.

    Args:
        skull: Mask, or occupancy from 0 to 1, whose surface is at 0.5.

    Raises:
        InputError: If there is no surface.
    """
    from skimage.measure import marching_cubes

    reduced = shrink(skull, _SPACING_MM)
    if reduced.voxels.max() <= 0.5 or reduced.voxels.min() >= 0.5:
        raise InputError("The skull mask contains no bone surface; check that it is a mask of bone.")
    vertices, faces, _, _ = marching_cubes(np.pad(reduced.voxels, 1), 0.5)
    points = reduced.to_ras(vertices - 1)
    # The normals are area-weighted and in mm; marching cubes' own are in voxels. Its faces point toward lower values in
    # a right-handed frame and inward in a left-handed one.
    of_faces = face_normals(Mesh(points, faces))
    of_faces *= -np.sign(np.linalg.det(reduced.affine[:3, :3]))
    normals = np.zeros_like(points)
    for corner in range(3):
        np.add.at(normals, faces[:, corner], of_faces)
    lengths = np.linalg.norm(normals, axis=1)
    keep = lengths > 0
    return Surface(points[keep], normals[keep] / lengths[keep, None])
