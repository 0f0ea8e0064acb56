"""Pictures for people: the defective skull with its implant, from the best three sides or from all six."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import replacing
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.mesh_files import NOTICE
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.pictures.mesh_renderer import INK, Camera, light

BONE = np.array([226, 214, 190]) / 255
IMPLANT = np.array([38, 132, 158]) / 255

_SAMPLE_MM = 0.8
_PANEL = (520, 560)  # pixels across and down
_COLUMNS, _ROW = 3, 600
_SUPERSAMPLING = 1.5
_STEP_MM = 0.7
_COARSE_MM = 2.0
_SIX_SIDES = {
    "From the front": (0, 1, 0),
    "From the right": (1, 0, 0),
    "From above": (0, 0, 1),
    "From behind": (0, -1, 0),
    "From the left": (-1, 0, 0),
    "From below": (0, 0, -1),
}


def write_implant_picture(
    defective: Volume, implant: Volume, path: str | Path, *, title: str, six_sides: bool = False
) -> None:
    """Write a PNG of 1600 pixels across: the skull with the implant in colour, facing it and from two other sides.

    The surfaces are ray-cast in NumPy and need neither a display nor OpenGL, which fail in too many places where the
    command line runs.

    Args:
        defective: Mask of the defective skull.
        implant: Mask of the implant, of the same geometry; may be empty.
        path: The file to write.
        title: One line above the views.
        six_sides: Show the front, the back, both sides, the top and the base instead.

    Raises:
        InputError: If the geometries differ, the skull is empty or the file cannot be written.
    """
    from PIL import Image, ImageDraw, ImageFont

    if not defective.has_geometry_of(implant):
        raise InputError("The implant and the defective skull differ in geometry; resample one onto the other.")
    scene = _sampled(defective, implant)
    sides = _SIX_SIDES if six_sides else _best_sides(scene)
    views = {caption: Camera.looking_from(np.array(side, dtype=float)) for caption, side in sides.items()}
    width, height = (int(side * _SUPERSAMPLING) for side in _PANEL)
    extents = [np.ptp(scene.surface_points @ camera.rotation.T, axis=0) for camera in views.values()]
    pixel_mm = 1.04 * max(max(across / width, down / height) for across, down, _ in extents)
    rows = -(-len(views) // _COLUMNS)
    canvas = Image.new("RGB", (1600, 100 + rows * _ROW), "white")
    draw = ImageDraw.Draw(canvas)
    draw.text((40, 26), title, fill=INK, font=ImageFont.load_default(28))
    small = ImageFont.load_default(17)
    for panel, (caption, camera) in enumerate(views.items()):
        left, top = 10 + panel % _COLUMNS * 530, 72 + panel // _COLUMNS * _ROW
        image = Image.fromarray(_rendered(scene, camera, (height, width), pixel_mm))
        canvas.paste(image.resize(_PANEL, Image.Resampling.LANCZOS), (left, top))
        draw.text((left + 260, top + 576), caption, fill=INK, font=small, anchor="mm")
        for letter, across in zip(camera.side_letters, (60, 460), strict=True):
            draw.text((left + across, top + 576), letter, fill=INK, font=small, anchor="mm")
    millilitres = np.count_nonzero(implant.voxels) * implant.voxel_volume_mm3 / 1000
    across = 1560
    for label, colour in ((f"Implant, {millilitres:.1f} mL", IMPLANT), ("Defective skull", BONE)):
        across -= draw.textlength(label, font=small)
        draw.text((across, 42), label, fill=INK, font=small, anchor="lm")
        draw.rectangle((across - 24, 34, across - 8, 50), fill=tuple((255 * colour).astype(int)))
        across -= 50
    draw.text((800, canvas.height - 20), NOTICE, fill=(120, 126, 133), font=small, anchor="mm")
    with replacing(path) as temporary:
        canvas.save(temporary, format="PNG")


@dataclass(frozen=True, eq=False)
class _Scene:
    """Skull and implant as fractions of voxels of some 0.8 mm, with the axes and the origin of these in RAS."""

    skull: np.ndarray
    implant: np.ndarray
    axes: np.ndarray
    origin: np.ndarray

    @cached_property
    def bone(self) -> np.ndarray:
        """Both together: the field whose level 0.5 is the surface."""
        return self.skull + self.implant

    @cached_property
    def smooth(self) -> np.ndarray:
        """The same without the stairs of the voxels, for the slopes."""
        return ndimage.gaussian_filter(self.bone, 0.9)

    @cached_property
    def surface_points(self) -> np.ndarray:
        """Some thousand points of the bone, shape (N, 3), in RAS."""
        inside = np.argwhere(self.bone > 0.5)
        return inside[:: max(1, len(inside) // 20000)] @ self.axes.T + self.origin

    @cached_property
    def middle(self) -> np.ndarray:
        """Middle of the head, in RAS."""
        return (self.surface_points.min(axis=0) + self.surface_points.max(axis=0)) / 2

    def sample(self, values: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Return the values at RAS points of shape (N, 3)."""
        return ndimage.map_coordinates(values, self.to_indices(points), order=1)

    def to_indices(self, points: np.ndarray) -> np.ndarray:
        """Return the voxel indices, shape (3, N), of RAS points of shape (N, 3)."""
        return np.linalg.inv(self.axes) @ (points - self.origin).T


def _sampled(defective: Volume, implant: Volume) -> _Scene:
    """Return the scene of the two masks."""
    either = (defective.voxels != 0) | (implant.voxels != 0)
    box = foreground_box(either)
    block = np.maximum(1, np.round(_SAMPLE_MM / defective.spacing).astype(int))
    fractions = []
    for volume in (defective, implant):
        part = np.ascontiguousarray(volume.voxels[box] != 0)
        margins = [(3 * size, 3 * size + -length % size) for length, size in zip(part.shape, block, strict=True)]
        part = np.pad(part, margins)
        for axis, size in enumerate(block):
            shape = (*part.shape[:axis], part.shape[axis] // size, size, *part.shape[axis + 1 :])
            part = part.reshape(shape).mean(axis=axis + 1, dtype=np.float32)
        fractions.append(part)
    first = np.array([side.start for side in box]) - 3 * block + (block - 1) / 2
    return _Scene(*fractions, defective.affine[:3, :3] * block, defective.to_ras(first[None])[0])


def _best_sides(scene: _Scene) -> dict[str, np.ndarray]:
    """Return captions and directions (RAS) from the head to the viewer: facing the implant, and the next best two."""
    points = np.argwhere(scene.implant > 0.25)
    if not len(points):
        return {caption: _SIX_SIDES[caption] for caption in ("From the front", "From the left", "From above")}
    facing = (points @ scene.axes.T + scene.origin).mean(axis=0) - scene.middle
    facing /= np.linalg.norm(facing)
    sides = {caption: side for caption, side in _SIX_SIDES.items() if caption != "From below"}
    cosines = {caption: facing @ np.array(side) for caption, side in sides.items()}
    best = sorted((caption for caption, cosine in cosines.items() if cosine < 0.9), key=cosines.get, reverse=True)
    return {"Facing the implant": facing, **{caption: sides[caption] for caption in best[:2]}}


def _rendered(scene: _Scene, camera: Camera, shape: tuple[int, int], pixel_mm: float) -> np.ndarray:
    """Return the view as an 8-bit colour image of shape (height, width, 3)."""
    points, hit = _first_hits(scene, camera, shape, pixel_mm)
    seen = points[hit]
    # Slopes from four corners of a tetrahedron: the fewest samples that favour no direction.
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    normals = -sum(scene.sample(scene.smooth, seen + 0.6 * corner)[:, None] * corner for corner in corners)
    normals = normals @ camera.rotation.T
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    inner = seen + 0.5 * camera.rotation[2]
    implant, skull = scene.sample(scene.implant, inner), scene.sample(scene.skull, inner)
    share = np.clip(3 * implant / np.maximum(implant + skull, 1e-3) - 1, 0, 1)[:, None]
    depth = np.where(hit, points @ camera.rotation[2], 0).reshape(shape)
    shade = light(normals) * (1 - 0.65 * _hollowness(depth, hit.reshape(shape), pixel_mm)[hit])
    image = np.ones((len(hit), 3))
    image[hit] = (BONE + share * (IMPLANT - BONE)) * shade[:, None]
    return (255 * np.clip(image, 0, 1)).astype(np.uint8).reshape(*shape, 3)


def _first_hits(
    scene: _Scene, camera: Camera, shape: tuple[int, int], pixel_mm: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return where the ray of each pixel meets the surface, shape (pixels, 3) in RAS, and whether it does."""
    extent = (scene.surface_points - scene.middle) @ camera.rotation.T
    low, high = extent.min(axis=0) - 4, extent.max(axis=0) + 4

    # The depth of the bone in squares of 2 mm, so that the rays start close to it.
    grid = [np.arange(start, stop + _COARSE_MM, _COARSE_MM) for start, stop in zip(low, high, strict=True)]
    across, down, depth = np.meshgrid(*grid, indexing="ij")
    points = np.stack([across.ravel(), down.ravel(), depth.ravel()], axis=1) @ camera.rotation + scene.middle
    solid = scene.sample(scene.bone, points).reshape(across.shape) > 0.15
    some = solid.any(axis=2)
    start = np.where(some, grid[2][solid.argmax(axis=2)], high[2])
    stop = np.where(some, grid[2][len(grid[2]) - 1 - solid[:, :, ::-1].argmax(axis=2)], low[2])
    start = ndimage.minimum_filter(start, 3) - _COARSE_MM
    stop = ndimage.maximum_filter(stop, 3) + _COARSE_MM

    rows, columns = np.indices(shape).reshape(2, -1)
    across, down = (columns - (shape[1] - 1) / 2) * pixel_mm, (rows - (shape[0] - 1) / 2) * pixel_mm
    centre = (low + high) / 2
    squares = [
        np.clip(np.round((line + offset - first) / _COARSE_MM).astype(int), 0, size - 1)
        for line, offset, first, size in zip((across, down), centre, low, start.shape, strict=False)
    ]
    depth, left = start[tuple(squares)], (stop - start)[tuple(squares)] / _STEP_MM
    points = np.stack([across + centre[0], down + centre[1], depth], axis=1) @ camera.rotation + scene.middle

    hit = np.zeros(len(points), dtype=bool)
    active = np.flatnonzero(left > 0)
    left, before = left[active], np.zeros(len(active))
    fronts = scene.to_indices(points[active])
    advance = scene.to_indices(scene.origin + _STEP_MM * camera.rotation[2:])
    while len(active):
        value = ndimage.map_coordinates(scene.bone, fronts, order=1)
        inside = value >= 0.5
        beyond = np.clip((value[inside] - 0.5) / np.maximum(value[inside] - before[inside], 1e-3), 0, 1)
        found = active[inside]
        points[found] = (fronts[:, inside] - beyond * advance).T @ scene.axes.T + scene.origin
        hit[found] = True
        keep = ~inside & (left > 0)
        active, before, left, fronts = active[keep], value[keep], left[keep] - 1, fronts[:, keep] + advance
    return points, hit


def _hollowness(depth: np.ndarray, hit: np.ndarray, pixel_mm: float) -> np.ndarray:
    """Return for each pixel, flat, how far it lies behind its surroundings, from 0 to 1: an ambient occlusion."""
    result = np.zeros(depth.shape)
    for radius_mm, range_mm in ((2.5, 3.0), (10.0, 22.0)):
        blurred, weight = (
            ndimage.gaussian_filter(values.astype(np.float32), radius_mm / pixel_mm, truncate=2)
            for values in (depth, hit)
        )
        result = np.maximum(result, np.clip((depth - blurred / np.maximum(weight, 1e-3)) / range_mm, 0, 1))
    return result.ravel()
