"""Smooth, watertight surfaces of masks and of distance fields."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.volume import Volume

# How far smoothing may move a vertex, in voxels. Marching cubes puts the vertices of a mask at the centers of voxel
# faces, at least 0.7 voxels apart, so that no two can meet and thin bridges do not collapse.
_LARGEST_SHIFT = 0.35

# How close the surface of a field may come to the center of a voxel, in voxels.
_CLOSEST_TO_CENTER = 0.03


def surface_of(mask: Volume, *, iterations: int = 30) -> Mesh:
    """Return the smooth surface of a mask.

    Marching cubes (Lewiner et al. 2003) yields a closed manifold, even where voxels touch only at an edge or a corner;
    Taubin smoothing (1995), which preserves the volume, then removes the staircase. No vertex moves farther than 0.35
    times the largest voxel spacing.

    Args:
        mask: Mask of any type, not zero inside; it may touch the border of the volume.
        iterations: Smoothing steps; 0 for none.

    Raises:
        InputError: If the mask is empty.
    """
    from skimage.measure import marching_cubes

    inside = mask.voxels != 0
    part = mask.crop(foreground_box(inside))
    field = np.pad(part.voxels != 0, 1).astype(np.float32)
    # At exactly 0.5, voxels that touch at an edge are ties for the algorithm, and the surface would stay open there.
    vertices, faces, _, _ = marching_cubes(field, 0.499, gradient_direction="ascent")
    return _mesh_of(vertices, faces, part, iterations)


def surface_of_field(field: Volume, *, iterations: int = 30) -> Mesh:
    """Return the slightly smoothed surface on which a field is zero, watertight like that of a mask.

    Args:
        field: Distance in mm, negative inside; the surface is closed where it reaches the border of the volume.
        iterations: Smoothing steps, which move no vertex farther than 0.35 voxels; 0 for none.

    Raises:
        InputError: If nothing is inside.
    """
    from skimage.measure import marching_cubes

    step = float(field.spacing.min())
    part = field.crop(foreground_box(field.voxels < 0, margin=1))
    values = np.pad(part.voxels.astype(np.float32), 1, constant_values=step)
    # Several vertices would coincide in the center of a voxel.
    least = np.float32(_CLOSEST_TO_CENTER * step)
    values = np.where(np.abs(values) < least, np.where(values < 0, -least, least), np.clip(values, -step, step))
    vertices, faces, _, _ = marching_cubes(values, 0.0, gradient_direction="descent")
    return _mesh_of(vertices, faces, part, iterations)


def _mesh_of(vertices: np.ndarray, faces: np.ndarray, part: Volume, iterations: int) -> Mesh:
    """Return the smoothed mesh in RAS, its faces outward, from vertices in voxels of a part padded by one voxel."""
    axes = part.affine[:3, :3]
    if np.linalg.det(axes) < 0:
        faces = faces[:, ::-1]
    vertices = _smoothed(vertices.astype(float) - 1, faces, axes, iterations)
    return Mesh(part.to_ras(vertices), np.ascontiguousarray(faces))


def _smoothed(vertices: np.ndarray, faces: np.ndarray, axes: np.ndarray, iterations: int) -> np.ndarray:
    """Return vertices after Taubin smoothing in mm, each within ``_LARGEST_SHIFT`` of where it was.

    Args:
        vertices: In voxels, shape (N, 3).
        faces: Vertex indices of a closed surface, shape (M, 3).
        axes: 3×3 matrix from voxels to mm.
        iterations: Pairs of a shrinking and a growing step, with a pass band of 0.1.
    """
    from scipy import sparse

    shrink, pass_band = 0.5, 0.1
    grow = 1 / (pass_band - 1 / shrink)
    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()  # each edge once in either direction
    count = np.bincount(start, minlength=len(vertices))
    mean = sparse.csr_array((1 / count[start], (start, end)), shape=(len(vertices),) * 2)
    original, points = vertices @ axes.T, vertices @ axes.T
    to_voxels = np.linalg.inv(axes).T
    for _ in range(iterations):
        for step in (shrink, grow):
            points = points + step * (mean @ points - points)
        shift = points - original
        length = np.linalg.norm(shift @ to_voxels, axis=1, keepdims=True)
        points = original + shift * np.minimum(1, _LARGEST_SHIFT / np.maximum(length, 1e-9))
    return points @ to_voxels
