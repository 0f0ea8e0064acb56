"""Meshes drawn with a depth buffer.

NumPy alone needs neither a display nor OpenGL. The command line often runs without them, and VTK's renderer then ends
the process without an error message.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.pictures.camera import Camera
from CraNeXtLib.pictures.lighting import brightness

_NOTHING = np.iinfo(np.int64).max
_LEAST_AREA = 1e-3  # square pixels; smaller faces have no inside
_ROUNDING = 1e-4  # of a face's height: without it, single precision would leave pixels between two faces empty


@dataclass(frozen=True, eq=False)
class VisibleSurface:
    """What each pixel of a picture shows of a mesh.

    Args:
        pixels: Flat indices of the pixels that show the mesh, shape (P,).
        corners: Vertex indices of the face that each of these pixels shows, shape (P, 3).
        weights: Barycentric weights of the pixel in its face, shape (P, 3).
    """

    pixels: np.ndarray
    corners: np.ndarray
    weights: np.ndarray

    def interpolate(self, *values: np.ndarray) -> list[np.ndarray]:
        """Return values of the vertices, each of shape (N, K), at the pixels, shape (P, K)."""
        from scipy import sparse

        together = np.hstack(values).astype(np.float32)  # one look-up for all
        first = np.arange(0, self.corners.size + 1, 3)
        shares = (self.weights.ravel(), self.corners.ravel(), first)
        at_pixels = sparse.csr_array(shares, shape=(len(self.pixels), len(together))) @ together
        return np.split(at_pixels, np.cumsum([value.shape[1] for value in values])[:-1], axis=1)


def render_mesh(mesh: Mesh, colors: np.ndarray, camera: Camera, shape: tuple[int, int], pixel_mm: float) -> np.ndarray:
    """Draw a mesh on white, centered in the picture. Only faces that look at the camera are drawn.

    Args:
        mesh: The mesh, in RAS mm.
        colors: RGB of every vertex, from 0 to 1, shape (N, 3).
        camera: Where it is seen from.
        shape: Height and width in pixels.
        pixel_mm: Size of a pixel in mm.

    Returns:
        8-bit RGB picture of shape (height, width, 3).
    """
    visible = visible_surface(mesh, camera, shape, pixel_mm)
    normals, colors = visible.interpolate(mesh.vertex_normals @ camera.rotation.T, colors)
    return picture_of(colors * brightness(unit(normals))[:, None], visible.pixels, shape)


def visible_surface(mesh: Mesh, camera: Camera, shape: tuple[int, int], pixel_mm: float) -> VisibleSurface:
    """Return what each pixel shows of a mesh that is centered in the picture; see :func:`render_mesh`."""
    points = camera.rotation @ mesh.vertices.T
    low, high = points.min(axis=1, keepdims=True), points.max(axis=1, keepdims=True)
    points[:2] = (points[:2] - (low + high)[:2] / 2) / pixel_mm + (np.array(shape[::-1])[:, None] - 1) / 2
    points[2] -= low[2] - 1
    return _drawn(points.astype(np.float32), mesh.faces, shape)


def unit(normals: np.ndarray) -> np.ndarray:
    """Return vectors of shape (N, 3) with a length of 1."""
    return normals / np.maximum(np.sqrt(np.einsum("ij,ij->i", normals, normals)), 1e-6)[:, None]


def picture_of(colors: np.ndarray, pixels: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return an 8-bit RGB picture, white but for the colors from 0 to 1, shape (P, 3), at the flat indices, (P,)."""
    picture = np.full((shape[0] * shape[1], 3), 255, dtype=np.uint8)
    picture[pixels] = 255 * np.clip(colors, 0, 1)
    return picture.reshape(*shape, 3)


def _drawn(points: np.ndarray, faces: np.ndarray, shape: tuple[int, int]) -> VisibleSurface:
    """Return what each pixel shows of faces.

    Args:
        points: Vertices as pixels right, pixels down and mm away from the viewer, positive, float32, shape (3, N).
        faces: Vertex indices, shape (M, 3).
        shape: Height and width in pixels.
    """
    x, y, z = points
    corners = np.ascontiguousarray(faces.T, np.intp)
    across, down = x[corners], y[corners]
    facing = np.flatnonzero(_doubled_areas(across, down) < -_LEAST_AREA)  # negative if the face looks at the camera
    corners, across, down = (values[:, facing] for values in (corners, across, down))
    left, top, right, bottom = _bounds(across, down, shape)
    # Faces whose bounding boxes have the same size are drawn together.
    drawn = np.flatnonzero((right >= left) & (bottom >= top))
    width, height = (right - left + 1)[drawn], (bottom - top + 1)[drawn]
    sizes, of_face = np.unique(height * (shape[1] + 1) + width, return_inverse=True)
    order = drawn[np.argsort(of_face.astype(np.min_scalar_type(len(sizes))), kind="stable")]
    corners, left, top = corners[:, order], left[order], top[order]
    planes = _planes(across[:, order] - left.astype(np.float32), down[:, order] - top.astype(np.float32), z[corners])
    nearest = np.full(shape[0] * shape[1], _NOTHING)
    ends = np.cumsum(np.bincount(of_face))
    for size, start, end in zip(sizes.tolist(), [0, *ends], ends, strict=False):
        tall, wide = divmod(size, shape[1] + 1)
        rows, columns = np.divmod(np.arange(tall * wide), wide)
        terms = np.stack([np.ones_like(rows), columns, rows]).astype(np.float32)
        of_a, of_b, of_c, depth = (plane[start:end] @ terms for plane in planes)
        hits = np.flatnonzero(np.minimum(np.minimum(of_a, of_b), of_c) >= -_ROUNDING)
        face, pixel = np.divmod(hits, len(rows))
        face += start
        # One integer holds the depth in its upper 32 bits, since positive floats have the order of their bits, and the
        # face in its lower ones, so that a plain minimum finds the nearest face.
        key = (depth.ravel()[hits].view(np.int32).astype(np.int64) << 32) + face
        np.minimum.at(nearest, top[face] * shape[1] + left[face] + (rows * shape[1] + columns)[pixel], key)
    pixels = np.flatnonzero(nearest != _NOTHING)
    face = nearest[pixels] & 0xFFFFFFFF
    row, column = np.divmod(pixels, shape[1])
    terms = np.stack([np.ones_like(row), column - left[face], row - top[face]], axis=1).astype(np.float32)
    weights = np.stack([np.einsum("ij,ij->i", plane[face], terms) for plane in planes[:3]], axis=1)
    return VisibleSurface(pixels, np.ascontiguousarray(corners.T)[face], weights)


def _doubled_areas(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return twice the area of faces, shape (M,), from the pixels right and down of their corners, shape (3, M)."""
    return (x[1] - x[0]) * (y[2] - y[0]) - (y[1] - y[0]) * (x[2] - x[0])


def _bounds(x: np.ndarray, y: np.ndarray, shape: tuple[int, int]) -> list[np.ndarray]:
    """Return the first and last columns and rows of pixels (left, top, right, bottom) of faces, each of shape (M,).

    Args:
        x: Pixels right of their corners, shape (3, M).
        y: Pixels down.
        shape: Height and width of the picture.
    """
    first = [np.maximum(np.ceil(reduce(np.minimum, side)), 0) for side in (x, y)]
    last = [np.minimum(np.floor(reduce(np.maximum, side)), size - 1) for side, size in ((x, shape[1]), (y, shape[0]))]
    return [bound.astype(np.int64) for bound in (*first, *last)]


def _planes(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> list[np.ndarray]:
    """Return the barycentric weights and the depth of faces as linear functions of the pixel.

    Args:
        x: Pixels right of their corners, shape (3, M).
        y: Pixels down.
        z: Depth in mm.

    Returns:
        For each corner's weight and the depth, float32 of shape (M, 3): the value at the origin, and its increase for
        each pixel right and down.
    """
    area = _doubled_areas(x, y)
    weights = []
    for second, third in ((1, 2), (2, 0), (0, 1)):
        value = x[second] * y[third] - y[second] * x[third]
        weights.append(np.stack([value, y[second] - y[third], x[third] - x[second]], axis=1) / area[:, None])
    depth = sum(weight * corner[:, None] for weight, corner in zip(weights, z, strict=True))
    return [np.ascontiguousarray(plane, np.float32) for plane in (*weights, depth)]
