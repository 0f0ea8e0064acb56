"""What the pictures share: a camera, light, and meshes drawn with a depth buffer.

All of it is NumPy and needs neither a display nor OpenGL, which are missing where the command line often runs: VTK ends
the process there without a word.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CraNeXtLib.geometry.mesh import Mesh, vertex_normals

INK = (45, 52, 60)
_DEPTH_STEPS_PER_MM = 1000


@dataclass(frozen=True, eq=False)
class Camera:
    """An orthographic camera.

    Args:
        rotation: Its directions right, down and away from the viewer, as rows, in RAS.
    """

    rotation: np.ndarray

    @classmethod
    def looking_from(cls, side: np.ndarray) -> Camera:
        """Return the camera on a side of the head (RAS direction), with the top of the head or the face upwards."""
        side = np.asarray(side, dtype=float) / np.linalg.norm(side)
        up = np.array([0.0, 0, 1]) if abs(side[2]) < 0.8 else np.array([0.0, 1, 0])
        up -= (up @ side) * side
        up /= np.linalg.norm(up)
        return cls(np.array([np.cross(up, side), -up, -side]))

    @property
    def side_letters(self) -> tuple[str, str]:
        """What lies to the left and to the right of the image; empty for an oblique view."""
        axis = np.abs(self.rotation[0]).argmax()
        if abs(self.rotation[0, axis]) < 0.8:
            return "", ""
        letters = "LPI"[axis], "RAS"[axis]
        return letters if self.rotation[0, axis] > 0 else letters[::-1]


def light(normals: np.ndarray) -> np.ndarray:
    """Return the brightness for normals in camera directions: a key light from the upper left and a fill light."""
    key, fill = np.array([-0.42, -0.58, -0.70]), np.array([0.75, 0.05, -0.66])
    return 0.40 + 0.55 * np.clip(normals @ key, 0, 1) + 0.22 * np.clip(normals @ fill, 0, 1)


def render_mesh(mesh: Mesh, colours: np.ndarray, camera: Camera, shape: tuple[int, int], pixel_mm: float) -> np.ndarray:
    """Return a view of a mesh, its middle in the middle, as an 8-bit image of shape (height, width, 3) on white.

    Args:
        mesh: The mesh; of its faces those are drawn that look at the camera.
        colours: Colour of every vertex, shape (N, 3), 0 to 1.
        camera: Where it is seen from.
        shape: Height and width in pixels.
        pixel_mm: Size of a pixel.
    """
    points = mesh.vertices @ camera.rotation.T
    points[:, :2] -= (points[:, :2].min(axis=0) + points[:, :2].max(axis=0)) / 2
    points[:, :2] = points[:, :2] / pixel_mm + (np.array(shape[::-1]) - 1) / 2
    face = _nearest_faces(points, mesh.faces, shape)
    pixels = np.flatnonzero(face >= 0)
    corners = mesh.faces[face[pixels]]
    weights = _weights(points, corners, pixels, shape[1])

    def across(values: np.ndarray) -> np.ndarray:
        return sum(weights[:, corner, None] * values[corners[:, corner]] for corner in range(3))

    normals = across(vertex_normals(mesh)) @ camera.rotation.T
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    image = np.ones((face.size, 3))
    image[pixels] = across(colours) * light(normals)[:, None]
    return (255 * np.clip(image, 0, 1)).astype(np.uint8).reshape(*shape, 3)


def _nearest_faces(points: np.ndarray, faces: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return the index of the face that each pixel shows, -1 for none, shape (height * width,).

    Args:
        points: Vertices as pixels right, pixels down and mm away from the viewer, shape (N, 3).
        faces: Vertex indices, shape (M, 3).
        shape: Height and width in pixels.
    """
    x, y, z = (points[:, axis][faces].T for axis in range(3))
    area = (x[1] - x[0]) * (y[2] - y[0]) - (y[1] - y[0]) * (x[2] - x[0])
    left, top = (np.maximum(np.ceil(side.min(axis=0)), 0).astype(int) for side in (x, y))
    right, bottom = (
        np.minimum(np.floor(side.max(axis=0)), size - 1).astype(int) for side, size in ((x, shape[1]), (y, shape[0]))
    )
    nearest = np.full(shape[0] * shape[1], np.iinfo(np.int64).max)
    seen = np.flatnonzero((area < -1e-9) & (right >= left) & (bottom >= top))
    # Faces whose boxes have one size are drawn at once.
    width, height = (right - left + 1)[seen], (bottom - top + 1)[seen]
    order = np.lexsort((height, width))
    ends = np.flatnonzero(np.diff(width[order]) | np.diff(height[order])) + 1
    for group in np.split(order, ends) if len(order) else ():
        these = seen[group]
        a, b, c = ((x[corner][these, None, None], y[corner][these, None, None]) for corner in range(3))
        rows = top[these, None, None] + np.arange(height[group[0]])[:, None]
        columns = left[these, None, None] + np.arange(width[group[0]])
        of_b = ((columns - a[0]) * (c[1] - a[1]) - (rows - a[1]) * (c[0] - a[0])) / area[these, None, None]
        of_c = ((b[0] - a[0]) * (rows - a[1]) - (b[1] - a[1]) * (columns - a[0])) / area[these, None, None]
        which, row, column = np.nonzero((of_b >= 0) & (of_c >= 0) & (of_b + of_c <= 1))
        at, to_b, to_c = these[which], of_b[which, row, column], of_c[which, row, column]
        depth = z[0][at] * (1 - to_b - to_c) + z[1][at] * to_b + z[2][at] * to_c
        # One number that sorts by depth and tells the face.
        key = (np.round(depth * _DEPTH_STEPS_PER_MM).astype(np.int64) << 32) + at
        np.minimum.at(nearest, (top[at] + row) * shape[1] + left[at] + column, key)
    return np.where(nearest == np.iinfo(np.int64).max, -1, nearest & 0xFFFFFFFF)


def _weights(points: np.ndarray, corners: np.ndarray, pixels: np.ndarray, width: int) -> np.ndarray:
    """Return the barycentric weights of pixels in their faces, shape (N, 3)."""
    a, b, c = (points[corners[:, corner], :2] for corner in range(3))
    place = np.stack([pixels % width, pixels // width], axis=1) - a
    b, c = b - a, c - a
    area = b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]
    of_b = (place[:, 0] * c[:, 1] - place[:, 1] * c[:, 0]) / area
    of_c = (b[:, 0] * place[:, 1] - b[:, 1] * place[:, 0]) / area
    return np.stack([1 - of_b - of_c, of_b, of_c], axis=1)
