"""From a mask or a field to a smooth, watertight surface in millimeters."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.volume import Volume

_LARGEST_SHIFT = 0.35
"""In voxels. Vertices of marching cubes on a mask lie at the middles of voxel faces, at least 0.7 voxels apart, so
that none can meet another within this shift, and thin bridges never collapse."""

_NEAREST_TO_A_VOXEL = 0.03  # in voxels: how near to a voxel's middle the surface of a field may pass


def surface_of(mask: Volume, *, iterations: int = 30) -> Mesh:
    """Return the smooth surface of a mask.

    Marching cubes (Lewiner et al. 2003) gives a closed manifold, also where voxels touch at an edge or a corner only;
    Taubin's smoothing (1995), which keeps the volume, then removes the stairs. No vertex moves further than 0.35
    voxels from the faces of the voxels, thus no further than 0.35 times the largest spacing.

    Args:
        mask: Mask of any type; not zero is inside. It may touch the border of the volume.
        iterations: Smoothing steps; 0 for none.

    Raises:
        InputError: If the mask is empty.
    """
    from skimage.measure import marching_cubes

    inside = mask.voxels != 0
    part = mask.crop(foreground_box(inside))
    field = np.pad(part.voxels != 0, 1).astype(np.float32)
    # At exactly 0.5 the algorithm's decisions on voxels that touch at an edge are ties, and leave the surface open.
    vertices, faces, _, _ = marching_cubes(field, 0.499, gradient_direction="ascent")
    return _placed(vertices, faces, part, iterations)


def surface_of_field(field: Volume, *, iterations: int = 30) -> Mesh:
    """Return the surface on which a field is zero, watertight like that of a mask, smoothed a little.

    Args:
        field: Negative inside, in mm; what touches the border of the volume is closed there.
        iterations: Smoothing steps; no vertex moves further than 0.35 voxels. 0 for none.

    Raises:
        InputError: If nothing is inside.
    """
    from skimage.measure import marching_cubes

    step = float(field.spacing.min())
    part = field.crop(foreground_box(field.voxels < 0, margin=1))
    values = np.pad(part.voxels.astype(np.float32), 1, constant_values=step)
    # On a voxel's middle several vertices would coincide.
    least = np.float32(_NEAREST_TO_A_VOXEL * step)
    values = np.where(np.abs(values) < least, np.where(values < 0, -least, least), np.clip(values, -step, step))
    vertices, faces, _, _ = marching_cubes(values, 0.0, gradient_direction="descent")
    return _placed(vertices, faces, part, iterations)


def _placed(vertices: np.ndarray, faces: np.ndarray, part: Volume, iterations: int) -> Mesh:
    """Return the mesh of a volume that was padded by one voxel, smoothed, in RAS, its faces turned outwards."""
    axes = part.affine[:3, :3]
    if np.linalg.det(axes) < 0:
        faces = faces[:, ::-1]
    vertices = _smoothed(vertices.astype(float) - 1, faces, axes, iterations)
    return Mesh(part.to_ras(vertices), np.ascontiguousarray(faces))


def _smoothed(vertices: np.ndarray, faces: np.ndarray, axes: np.ndarray, iterations: int) -> np.ndarray:
    """Return vertices (in voxels) after Taubin's smoothing in mm, none further than the largest shift from its place.

    Args:
        vertices: Array of shape (N, 3).
        faces: Array of shape (M, 3).
        axes: 3×3 matrix from voxels to mm.
        iterations: Pairs of a shrinking and a growing step, of a pass band of 0.1.
    """
    from scipy import sparse

    shrink, pass_band = 0.5, 0.1
    grow = 1 / (pass_band - 1 / shrink)
    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()  # of a closed surface: each edge once either way
    count = np.bincount(start, minlength=len(vertices))
    mean = sparse.csr_array((1 / count[start], (start, end)), shape=(len(vertices),) * 2)
    places, points = vertices @ axes.T, vertices @ axes.T
    to_voxels = np.linalg.inv(axes).T
    for _ in range(iterations):
        for step in (shrink, grow):
            points = points + step * (mean @ points - points)
        shift = points - places
        length = np.linalg.norm(shift @ to_voxels, axis=1, keepdims=True)
        points = places + shift * np.minimum(1, _LARGEST_SHIFT / np.maximum(length, 1e-9))
    return points @ to_voxels
