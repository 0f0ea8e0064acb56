"""The outer surface of a mask: the part of its surface that faces out of the head."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.mesh import Mesh, face_centers, face_normals
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume

_SPACING_MM = 1.0
_LEAST_COSINE = 0.5  # A face is part of the outer surface if its normal is within 60° of the direction out of the head.


def outer_surface(mask: Volume, *, center: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the faces of a mask's surface that face away from the middle of the head.

    The mask is reduced to about 1 mm and smoothed by a voxel, since the stairs of a voxel surface have too much area.

    Args:
        mask: Mask of type bool.
        center: Middle of the head, RAS mm, shape (3,); by default the center of the reduced mask's box.

    Returns:
        Centers of the faces in RAS mm, shape (N, 3), and their areas in mm², shape (N,).
    """
    from skimage.measure import marching_cubes

    reduced = shrink(mask, _SPACING_MM)
    values = ndimage.gaussian_filter(np.pad(reduced.voxels, 2), 0.7)
    if values.max() <= 0.5:
        return np.zeros((0, 3)), np.zeros(0)
    vertices, faces, _, _ = marching_cubes(values, 0.5)
    mesh = Mesh(reduced.to_ras(vertices - 2), faces)
    # Marching cubes' faces point toward lower values in a right-handed frame and inward in a left-handed one.
    normals = face_normals(mesh)
    normals *= -np.sign(np.linalg.det(reduced.affine[:3, :3]))
    doubled_areas = np.linalg.norm(normals, axis=1)
    centers = face_centers(mesh)
    center = reduced.to_ras((np.array([reduced.shape]) - 1) / 2)[0] if center is None else center
    outward = centers - center
    outer = (normals * outward).sum(axis=1) > _LEAST_COSINE * doubled_areas * np.linalg.norm(outward, axis=1)
    return centers[outer], doubled_areas[outer] / 2
