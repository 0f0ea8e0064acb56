"""A skull with its implant, drawn from the surface of the masks' occupancy, with dark hollows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.mask import mask
from CraNeXtLib.geometry.mesh import Mesh, joined
from CraNeXtLib.geometry.resampling import block_mean
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.pictures.camera import Camera
from CraNeXtLib.pictures.lighting import brightness
from CraNeXtLib.pictures.mesh_renderer import picture_of, unit, visible_surface
from CraNeXtLib.pictures.palette import BONE, IMPLANT, REST

SAMPLE_MM = 1.6
"""Size to which finer voxels are averaged."""

_SMOOTHING_VOXELS = 0.9  # removes the stairs of the voxels before slopes are taken
_ROUNDING = 1e-3  # of a voxel
_MARGIN_VOXELS = 3  # air around the masks, so that smoothing and interpolation stay inside the array


@dataclass(frozen=True, eq=False)
class SkullScene:
    """A skull and an implant on one grid.

    Args:
        skull: Occupancy of the skull, 0 to 1, float32 of shape (I, J, K).
        implant: Occupancy of the implant, of the same shape; may be 0 everywhere.
        axes: Steps along the array axes in RAS mm, as the columns of a matrix of shape (3, 3).
        origin: RAS position of the first voxel's center in mm, shape (3,).
        rest: Occupancy of a part of the implant that has a color of its own, of the same shape, if there is one.
    """

    skull: np.ndarray
    implant: np.ndarray
    axes: np.ndarray
    origin: np.ndarray
    rest: np.ndarray | None = None

    @classmethod
    def of(
        cls, defective: Volume, implant: Volume, rest: Volume | None = None, *, sample_mm: float = SAMPLE_MM
    ) -> SkullScene:
        """Return the scene of masks of one geometry, on voxels of about so many mm or coarser.

        Raises:
            InputError: If the geometries differ or both masks are empty.
        """
        if not defective.has_geometry_of(implant):
            raise InputError("The implant and the defective skull differ in geometry; resample one onto the other.")
        box = foreground_box(mask(defective) | mask(implant))
        block = np.maximum(1, np.round(sample_mm / defective.spacing).astype(int))
        shown = (defective, implant, *(() if rest is None else (rest,)))
        parts = (volume.with_voxels(mask(volume)).crop(box) for volume in shown)
        skull, plate, *other = (np.pad(block_mean(part, block).voxels, _MARGIN_VOXELS) for part in parts)
        first = np.array([side.start for side in box]) - _MARGIN_VOXELS * block + (block - 1) / 2
        return cls(skull, plate, defective.affine[:3, :3] * block, defective.to_ras(first[None])[0], *other)

    @cached_property
    def implant_ml(self) -> float:
        """Volume of the implant in mL."""
        return float(self.implant.sum(dtype=float) * abs(np.linalg.det(self.axes)) / 1000)

    @cached_property
    def bone(self) -> np.ndarray:
        """Skull and implant together: the field whose level 0.5 is the surface."""
        return self.skull + self.implant

    @cached_property
    def surface(self) -> Mesh:
        """The surface of skull and implant in RAS mm."""
        return self._surface_of(self.bone)

    @cached_property
    def skull_surface(self) -> Mesh:
        """The surface of the skull alone in RAS mm: that of skull and implant, with new faces around the implant."""
        voxels = np.argwhere(self.implant > 0)
        if not len(voxels):
            return self.surface
        first, last = voxels.min(axis=0) - 1, voxels.max(axis=0) + 1
        near = self._surface_of(self.skull[tuple(map(slice, first, last + 1))], first)
        # Each face lies in one cube of eight voxels, and only cubes in this box touch the implant. Vertices on its
        # sides, which faces within and outside share, are there twice.
        indices = self.to_indices(self.surface.vertices).T
        inside = ((indices > first - _ROUNDING) & (indices < last + _ROUNDING)).all(axis=1)
        far_faces = self.surface.faces[~inside[self.surface.faces].all(axis=1)]
        used = np.zeros(len(inside), dtype=bool)
        used[far_faces] = True
        far = Mesh(self.surface.vertices[used], (np.cumsum(used) - 1)[far_faces])
        return joined([far, near])

    @cached_property
    def normals(self) -> np.ndarray:
        """Outward unit normals of the surface's vertices without the stairs of the voxels, in RAS, shape (N, 3)."""
        smooth = ndimage.gaussian_filter(self.bone, _SMOOTHING_VOXELS)
        # Slopes from the four corners of a tetrahedron: the fewest samples that favor no direction.
        corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
        points = self.surface.vertices
        slopes = -sum(self.sample(smooth, points + 0.6 * corner)[:, None] * corner for corner in corners)
        slopes /= np.maximum(np.linalg.norm(slopes, axis=1, keepdims=True), 1e-6)
        return slopes.astype(np.float32)

    @cached_property
    def colors(self) -> np.ndarray:
        """RGB of the surface's vertices, from 0 to 1, shape (N, 3)."""
        inner = self.surface.vertices - 0.5 * self.normals
        implant, skull = self.sample(self.implant, inner), self.sample(self.skull, inner)
        # The color changes from bone to implant where between a third and two thirds of the occupancy is implant.
        fraction = np.clip(3 * implant / np.maximum(implant + skull, 1e-3) - 1, 0, 1)[:, None]
        color = IMPLANT
        if self.rest is not None:
            color = np.where((self.sample(self.rest, inner) > implant / 2)[:, None], REST, IMPLANT)
        return (BONE + fraction * (color - BONE)).astype(np.float32)

    @cached_property
    def surface_points(self) -> np.ndarray:
        """Some 20,000 points of the bone in RAS mm, shape (N, 3)."""
        inside = np.argwhere(self.bone > 0.5)
        return self._to_ras(inside[:: max(1, len(inside) // 20000)])

    @cached_property
    def implant_points(self) -> np.ndarray:
        """The voxels' centers that hold some implant, in RAS mm, shape (N, 3)."""
        return self._to_ras(np.argwhere(self.implant > 0.25))

    @cached_property
    def middle(self) -> np.ndarray:
        """Center of the bounding box of the bone, in RAS mm."""
        return (self.surface_points.min(axis=0) + self.surface_points.max(axis=0)) / 2

    @cached_property
    def implant_direction(self) -> np.ndarray | None:
        """RAS unit vector from the middle of the head to the implant; None without an implant."""
        if not len(self.implant_points):
            return None
        direction = self.implant_points.mean(axis=0) - self.middle
        return direction / np.linalg.norm(direction)

    def _surface_of(self, occupancy: np.ndarray, first: np.ndarray | None = None) -> Mesh:
        """Return the surface of an occupancy, whose first voxel is the given one of the scene; it may be empty."""
        from skimage.measure import marching_cubes

        if not occupancy.min() < 0.5 < occupancy.max():
            return Mesh(np.zeros((0, 3)), np.zeros((0, 3), dtype=int))
        vertices, faces, _, _ = marching_cubes(occupancy, 0.5, gradient_direction="ascent")
        if np.linalg.det(self.axes) < 0:
            faces = faces[:, ::-1]
        return Mesh(self._to_ras(vertices if first is None else vertices + first), faces)

    def _to_ras(self, indices: np.ndarray) -> np.ndarray:
        return indices @ self.axes.T + self.origin

    def sample(self, values: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Interpolate an array of the scene at RAS points of shape (N, 3)."""
        return ndimage.map_coordinates(values, self.to_indices(points), order=1)

    def to_indices(self, points: np.ndarray) -> np.ndarray:
        """Return the voxel indices, shape (3, N), of RAS points of shape (N, 3)."""
        return np.linalg.inv(self.axes) @ (points - self.origin).T


def render_skull(scene: SkullScene, camera: Camera, shape: tuple[int, int], pixel_mm: float) -> np.ndarray:
    """Draw a skull with its implant in color, on white, centered in the picture.

    Args:
        scene: What to draw.
        camera: Where it is seen from.
        shape: Height and width in pixels.
        pixel_mm: Size of a pixel in mm.

    Returns:
        8-bit RGB picture of shape (height, width, 3).
    """
    visible = visible_surface(scene.surface, camera, shape, pixel_mm)
    normals, colors, depths = visible.interpolate(
        scene.normals @ camera.rotation.T, scene.colors, scene.surface.vertices @ camera.rotation[2:].T
    )
    depth, hit = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    depth.flat[visible.pixels] = depths[:, 0]
    hit.flat[visible.pixels] = 1
    shade = brightness(unit(normals)) * (1 - 0.65 * _ambient_occlusion(depth, hit, pixel_mm)[visible.pixels])
    return picture_of(colors * shade[:, None], visible.pixels, shape)


def _ambient_occlusion(depth: np.ndarray, hit: np.ndarray, pixel_mm: float) -> np.ndarray:
    """Return how far each pixel lies behind its surroundings, from 0 to 1, shape (pixels,).

    Args:
        depth: Depth of the surface in mm, shape (height, width).
        hit: 1 where there is a surface, 0 elsewhere, of the same shape.
        pixel_mm: Size of a pixel in mm.
    """
    result = np.zeros(depth.shape, dtype=np.float32)
    # Small pits such as sutures are fully dark at 3 mm of depth, wide hollows such as a hole in the skull at 22 mm.
    for radius_mm, range_mm in ((2.5, 3.0), (10.0, 22.0)):
        blurred, weight = (_blurred(values, radius_mm / pixel_mm) for values in (depth, hit))
        result = np.maximum(result, np.clip((depth - blurred / np.maximum(weight, 1e-3)) / range_mm, 0, 1))
    return result.ravel()


def _blurred(values: np.ndarray, sigma: float) -> np.ndarray:
    """Return values after a Gaussian filter, computed on pixels a third as large as its sigma and interpolated."""
    from PIL import Image

    step = max(1, int(sigma / 3))
    reduced = Image.fromarray(values).reduce(step)
    blurred = ndimage.gaussian_filter(np.asarray(reduced), sigma / step, truncate=2)
    box = (0, 0, values.shape[1] / step, values.shape[0] / step)
    return np.asarray(Image.fromarray(blurred).resize(values.shape[::-1], Image.Resampling.BILINEAR, box))
