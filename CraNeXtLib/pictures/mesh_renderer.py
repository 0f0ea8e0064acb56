"""Meshes drawn with a depth buffer.

NumPy alone needs neither a display nor OpenGL. The command line often runs without them, and VTK's renderer then ends
the process without an error message.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CraNeXtLib.geometry.mesh import Mesh, vertex_normals
from CraNeXtLib.pictures.camera import Camera
from CraNeXtLib.pictures.lighting import brightness

_DEPTH_STEPS_PER_MM = 1000


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

    def interpolate(self, values: np.ndarray) -> np.ndarray:
        """Return values of the vertices, shape (N, K), at the pixels, shape (P, K)."""
        return sum(self.weights[:, corner, None] * values[self.corners[:, corner]] for corner in range(3))


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
    normals = visible.interpolate(vertex_normals(mesh)) @ camera.rotation.T
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    return picture_of(visible.interpolate(colors) * brightness(normals)[:, None], visible.pixels, shape)


def visible_surface(mesh: Mesh, camera: Camera, shape: tuple[int, int], pixel_mm: float) -> VisibleSurface:
    """Return what each pixel shows of a mesh that is centered in the picture; see :func:`render_mesh`."""
    points = mesh.vertices @ camera.rotation.T
    points[:, :2] -= (points[:, :2].min(axis=0) + points[:, :2].max(axis=0)) / 2
    points[:, :2] = points[:, :2] / pixel_mm + (np.array(shape[::-1]) - 1) / 2
    face = _nearest_faces(points, mesh.faces, shape)
    pixels = np.flatnonzero(face >= 0)
    corners = mesh.faces[face[pixels]]
    return VisibleSurface(pixels, corners, _barycentric_weights(points, corners, pixels, shape[1]))


def picture_of(colors: np.ndarray, pixels: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return an 8-bit RGB picture, white but for the colors from 0 to 1, shape (P, 3), at the flat indices, (P,)."""
    picture = np.ones((shape[0] * shape[1], 3), dtype=np.float32)
    picture[pixels] = colors
    return (255 * np.clip(picture, 0, 1)).astype(np.uint8).reshape(*shape, 3)


def _nearest_faces(points: np.ndarray, faces: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return the index of the face that each pixel shows, or -1, shape (height * width,).

    Args:
        points: Vertices as pixels right, pixels down and mm away from the viewer, shape (N, 3).
        faces: Vertex indices, shape (M, 3).
        shape: Height and width in pixels.
    """
    corners = [points[faces[:, corner]].T for corner in range(3)]
    area = _signed_areas(corners)
    facing = np.flatnonzero(area < -1e-9)
    area = area[facing]
    x, y, z = np.stack([corner[:, facing] for corner in corners], axis=1)
    left, top = (np.maximum(np.ceil(np.minimum.reduce([*side])), 0).astype(int) for side in (x, y))
    right, bottom = (
        np.minimum(np.floor(np.maximum.reduce([*side])), size - 1).astype(int)
        for side, size in ((x, shape[1]), (y, shape[0]))
    )
    nearest = np.full(shape[0] * shape[1], np.iinfo(np.int64).max)
    visible = np.flatnonzero((right >= left) & (bottom >= top))
    # Faces whose bounding boxes have the same size are drawn together.
    width, height = (right - left + 1)[visible], (bottom - top + 1)[visible]
    order = np.lexsort((height, width))
    ends = np.flatnonzero(np.diff(width[order]) | np.diff(height[order])) + 1
    for group in np.split(order, ends) if len(order) else ():
        these = visible[group]
        a, b, c = ((x[corner][these, None, None], y[corner][these, None, None]) for corner in range(3))
        rows = top[these, None, None] + np.arange(height[group[0]])[:, None]
        columns = left[these, None, None] + np.arange(width[group[0]])
        of_b = ((columns - a[0]) * (c[1] - a[1]) - (rows - a[1]) * (c[0] - a[0])) / area[these, None, None]
        of_c = ((b[0] - a[0]) * (rows - a[1]) - (b[1] - a[1]) * (columns - a[0])) / area[these, None, None]
        which, row, column = np.nonzero((of_b >= 0) & (of_c >= 0) & (of_b + of_c <= 1))
        at, to_b, to_c = these[which], of_b[which, row, column], of_c[which, row, column]
        depth = z[0][at] * (1 - to_b - to_c) + z[1][at] * to_b + z[2][at] * to_c
        # One integer holds the depth in its upper 32 bits and the face in its lower ones, so that a plain minimum
        # finds the nearest face.
        key = (np.round(depth * _DEPTH_STEPS_PER_MM).astype(np.int64) << 32) + facing[at]
        np.minimum.at(nearest, (top[at] + row) * shape[1] + left[at] + column, key)
    return np.where(nearest == np.iinfo(np.int64).max, -1, nearest & 0xFFFFFFFF)


def _signed_areas(corners: list[np.ndarray]) -> np.ndarray:
    """Return twice the area of faces in the picture, negative for those that look at the camera, shape (M,).

    Args:
        corners: Positions of each of their three corners, see ``_nearest_faces``, each of shape (3, M).
    """
    (ax, ay, _), (bx, by, _), (cx, cy, _) = corners
    return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)


def _barycentric_weights(points: np.ndarray, corners: np.ndarray, pixels: np.ndarray, width: int) -> np.ndarray:
    """Return the barycentric weights of pixels in their faces, shape (N, 3).

    Args:
        points: Vertices, see ``_nearest_faces``.
        corners: Vertex indices of each pixel's face, shape (N, 3).
        pixels: Flat indices of the pixels, shape (N,).
        width: Pixels in a row.
    """
    a, b, c = (points[corners[:, corner], :2] for corner in range(3))
    offset = np.stack([pixels % width, pixels // width], axis=1) - a
    b, c = b - a, c - a
    area = b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]
    of_b = (offset[:, 0] * c[:, 1] - offset[:, 1] * c[:, 0]) / area
    of_c = (b[:, 0] * offset[:, 1] - b[:, 1] * offset[:, 0]) / area
    return np.stack([1 - of_b - of_c, of_b, of_c], axis=1).astype(np.float32)
