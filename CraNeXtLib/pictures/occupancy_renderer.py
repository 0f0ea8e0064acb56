"""A skull with its implant, ray-cast from the masks' occupancy.

NumPy alone needs neither a display nor OpenGL, and a smooth picture takes no mesh of a whole skull.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.pictures.camera import Camera
from CraNeXtLib.pictures.lighting import brightness
from CraNeXtLib.pictures.palette import BONE, IMPLANT

SAMPLE_MM = 0.8
"""Size to which finer voxels are averaged."""

_STEP_MM = 0.7  # along a ray
_COARSE_MM = 2.0  # squares for which the depth of the bone is found first, so that rays start close to it
_SMOOTHING_VOXELS = 0.9  # removes the stairs of the voxels before slopes are taken
_MARGIN_VOXELS = 3  # air around the masks, so that smoothing and interpolation stay inside the array


@dataclass(frozen=True, eq=False)
class SkullScene:
    """A skull and an implant on one grid.

    Args:
        skull: Occupancy of the skull, 0 to 1, float32 of shape (I, J, K).
        implant: Occupancy of the implant, of the same shape.
        axes: Steps along the array axes in RAS mm, as the columns of a matrix of shape (3, 3).
        origin: RAS position of the first voxel's center in mm, shape (3,).
    """

    skull: np.ndarray
    implant: np.ndarray
    axes: np.ndarray
    origin: np.ndarray

    @classmethod
    def of(cls, defective: Volume, implant: Volume) -> SkullScene:
        """Return the scene of two masks of one geometry, on voxels of about ``SAMPLE_MM`` or coarser.

        Raises:
            InputError: If both masks are empty.
        """
        box = foreground_box((defective.voxels != 0) | (implant.voxels != 0))
        block = np.maximum(1, np.round(SAMPLE_MM / defective.spacing).astype(int))
        skull, plate = (_block_means(volume.voxels[box] != 0, block) for volume in (defective, implant))
        first = np.array([side.start for side in box]) - _MARGIN_VOXELS * block + (block - 1) / 2
        return cls(skull, plate, defective.affine[:3, :3] * block, defective.to_ras(first[None])[0])

    @cached_property
    def bone(self) -> np.ndarray:
        """Skull and implant together: the field whose level 0.5 is the surface."""
        return self.skull + self.implant

    @cached_property
    def smooth(self) -> np.ndarray:
        """``bone`` without the stairs of the voxels, for slopes."""
        return ndimage.gaussian_filter(self.bone, _SMOOTHING_VOXELS)

    @cached_property
    def surface_points(self) -> np.ndarray:
        """Some 20,000 points of the bone in RAS mm, shape (N, 3)."""
        inside = np.argwhere(self.bone > 0.5)
        return inside[:: max(1, len(inside) // 20000)] @ self.axes.T + self.origin

    @cached_property
    def middle(self) -> np.ndarray:
        """Center of the bounding box of the bone, in RAS mm."""
        return (self.surface_points.min(axis=0) + self.surface_points.max(axis=0)) / 2

    @cached_property
    def implant_direction(self) -> np.ndarray | None:
        """RAS unit vector from the middle of the head to the implant; None without an implant."""
        points = np.argwhere(self.implant > 0.25)
        if not len(points):
            return None
        direction = (points @ self.axes.T + self.origin).mean(axis=0) - self.middle
        return direction / np.linalg.norm(direction)

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
    points, hit = _first_hits(scene, camera, shape, pixel_mm)
    visible = points[hit]
    normals = _normals(scene, visible) @ camera.rotation.T
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    inner = visible + 0.5 * camera.rotation[2]
    implant, skull = scene.sample(scene.implant, inner), scene.sample(scene.skull, inner)
    # The color changes from bone to implant where between a third and two thirds of the occupancy is implant.
    fraction = np.clip(3 * implant / np.maximum(implant + skull, 1e-3) - 1, 0, 1)[:, None]
    depth = np.where(hit, points @ camera.rotation[2], 0).reshape(shape)
    shade = brightness(normals) * (1 - 0.65 * _ambient_occlusion(depth, hit.reshape(shape), pixel_mm)[hit])
    picture = np.ones((len(hit), 3))
    picture[hit] = (BONE + fraction * (IMPLANT - BONE)) * shade[:, None]
    return (255 * np.clip(picture, 0, 1)).astype(np.uint8).reshape(*shape, 3)


def _block_means(mask: np.ndarray, block: np.ndarray) -> np.ndarray:
    """Average blocks of voxels in float32, with a margin of empty blocks around them."""
    values = np.ascontiguousarray(mask)
    margins = [
        (_MARGIN_VOXELS * size, _MARGIN_VOXELS * size + -length % size)
        for length, size in zip(values.shape, block, strict=True)
    ]
    values = np.pad(values, margins)
    for axis, size in enumerate(block):
        shape = (*values.shape[:axis], values.shape[axis] // size, size, *values.shape[axis + 1 :])
        values = values.reshape(shape).mean(axis=axis + 1, dtype=np.float32)
    return values


def _normals(scene: SkullScene, points: np.ndarray) -> np.ndarray:
    """Return outward normals of the surface at points, in RAS and not of unit length, shape (N, 3)."""
    # Slopes from the four corners of a tetrahedron: the fewest samples that favor no direction.
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    return -sum(scene.sample(scene.smooth, points + 0.6 * corner)[:, None] * corner for corner in corners)


def _first_hits(
    scene: SkullScene, camera: Camera, shape: tuple[int, int], pixel_mm: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return where each pixel's ray hits the surface, in RAS mm of shape (pixels, 3), and whether it does."""
    points, steps_left = _ray_starts(scene, camera, shape, pixel_mm)
    hit = np.zeros(len(points), dtype=bool)
    active = np.flatnonzero(steps_left > 0)
    steps_left, before = steps_left[active], np.zeros(len(active))
    fronts = scene.to_indices(points[active])
    advance = scene.to_indices(scene.origin + _STEP_MM * camera.rotation[2:])
    while len(active):
        value = ndimage.map_coordinates(scene.bone, fronts, order=1)
        inside = value >= 0.5
        beyond = np.clip((value[inside] - 0.5) / np.maximum(value[inside] - before[inside], 1e-3), 0, 1)
        found = active[inside]
        points[found] = (fronts[:, inside] - beyond * advance).T @ scene.axes.T + scene.origin
        hit[found] = True
        keep = ~inside & (steps_left > 0)
        active, before, steps_left = active[keep], value[keep], steps_left[keep] - 1
        fronts = fronts[:, keep] + advance
    return points, hit


def _ray_starts(
    scene: SkullScene, camera: Camera, shape: tuple[int, int], pixel_mm: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return where each pixel's ray starts, in RAS mm of shape (pixels, 3), and for how many steps it may run."""
    extent = (scene.surface_points - scene.middle) @ camera.rotation.T
    low, high = extent.min(axis=0) - 4, extent.max(axis=0) + 4
    grid = [np.arange(start, stop + _COARSE_MM, _COARSE_MM) for start, stop in zip(low, high, strict=True)]
    start, stop = _depth_range(scene, camera, grid, nearest=low[2], farthest=high[2])

    rows, columns = np.indices(shape).reshape(2, -1)
    across, down = (columns - (shape[1] - 1) / 2) * pixel_mm, (rows - (shape[0] - 1) / 2) * pixel_mm
    center = (low + high) / 2
    squares = tuple(
        np.clip(np.round((line + offset - first) / _COARSE_MM).astype(int), 0, size - 1)
        for line, offset, first, size in zip((across, down), center, low, start.shape, strict=False)
    )
    depth, steps = start[squares], (stop - start)[squares] / _STEP_MM
    points = np.stack([across + center[0], down + center[1], depth], axis=1) @ camera.rotation + scene.middle
    return points, steps


def _depth_range(
    scene: SkullScene, camera: Camera, grid: list[np.ndarray], *, nearest: float, farthest: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return between which depths bone lies in each coarse square of the picture, with a margin of one square.

    Args:
        scene: The scene.
        camera: The camera.
        grid: Coordinates of the squares right, down and away from the viewer, in mm from the middle of the head.
        nearest: Depth at which squares without bone end.
        farthest: Depth at which squares without bone start, so that their range is empty.
    """
    across, down, depth = np.meshgrid(*grid, indexing="ij")
    points = np.stack([across.ravel(), down.ravel(), depth.ravel()], axis=1) @ camera.rotation + scene.middle
    solid = scene.sample(scene.bone, points).reshape(across.shape) > 0.15
    some = solid.any(axis=2)
    start = np.where(some, grid[2][solid.argmax(axis=2)], farthest)
    stop = np.where(some, grid[2][len(grid[2]) - 1 - solid[:, :, ::-1].argmax(axis=2)], nearest)
    return ndimage.minimum_filter(start, 3) - _COARSE_MM, ndimage.maximum_filter(stop, 3) + _COARSE_MM


def _ambient_occlusion(depth: np.ndarray, hit: np.ndarray, pixel_mm: float) -> np.ndarray:
    """Return how far each pixel lies behind its surroundings, from 0 to 1, shape (pixels,).

    Args:
        depth: Depth of the surface in mm, shape (height, width).
        hit: Whether there is a surface, of the same shape.
        pixel_mm: Size of a pixel in mm.
    """
    result = np.zeros(depth.shape)
    # Small pits such as sutures are fully dark at 3 mm of depth, wide hollows such as a hole in the skull at 22 mm.
    for radius_mm, range_mm in ((2.5, 3.0), (10.0, 22.0)):
        blurred, weight = (
            ndimage.gaussian_filter(values.astype(np.float32), radius_mm / pixel_mm, truncate=2)
            for values in (depth, hit)
        )
        result = np.maximum(result, np.clip((depth - blurred / np.maximum(weight, 1e-3)) / range_mm, 0, 1))
    return result.ravel()
