"""Slices through the implant in the three anatomical planes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import corner_indices, foreground_box
from CraNeXtLib.geometry.mask import of_booleans
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.pictures.palette import BONE, IMPLANT, INK
from CraNeXtLib.pictures.png_files import FOOT_PIXELS, write_png

if TYPE_CHECKING:
    from PIL import Image

Axis = tuple[int, int]
"""A RAS axis, 0 to 2, and 1 or -1 for running along or against it."""


class Plane(NamedTuple):
    """One anatomical plane, oriented as radiologists look at it.

    Attributes:
        name: Its name.
        across: RAS axis across it.
        right: Axis from left to right in the picture.
        down: Axis from top to bottom in the picture.
    """

    name: str
    across: int
    right: Axis
    down: Axis


# Seen from the feet, from the front and from the left.
PLANES = (
    Plane("Axial", 2, (0, -1), (1, -1)),
    Plane("Coronal", 1, (0, -1), (2, -1)),
    Plane("Sagittal", 0, (1, -1), (2, -1)),
)
POSITIONS = (0.3, 0.7)
"""Where the slices lie, as fractions of the implant's extent across the plane."""
CT_WINDOW_HU = (-200.0, 1300.0)
PIXEL_MM = 0.4
_PANEL = (520, 520)  # width and height of a slice in pixels
_MARGIN_MM = 12.0
_BACKGROUND = np.array([0.10, 0.11, 0.13])
_SCALE_MM = 50
_SCALE_INK = (235, 235, 235)


def write_slice_picture(
    skull: Volume, implant: Volume, path: str | Path, *, title: str, case_id: str = "", background: Volume | None = None
) -> None:
    """Draw six slices through the implant, two in each plane, with a scale bar and side letters, as PNG.

    Args:
        skull: Mask of the defective skull.
        implant: Mask of the implant, of the same geometry, not empty.
        path: The file to write.
        title: One line above the slices.
        case_id: Name of the case, if there is one.
        background: The CT in Hounsfield units, on any grid, shown in place of the skull's mask.

    Raises:
        InputError: If the masks differ in geometry, the implant is empty or the file cannot be written.
    """
    from PIL import Image, ImageDraw, ImageFont

    if not implant.has_geometry_of(skull):
        raise InputError("The skull and the implant differ in geometry; resample them onto one grid.")
    skull, implant = of_booleans(skull), of_booleans(implant)
    head, part = (extent_of(volume) for volume in (skull, implant))
    low, high = np.minimum(head[0], part[0]) - _MARGIN_MM, np.maximum(head[1], part[1]) + _MARGIN_MM
    pixel_mm = max(PIXEL_MM, *((high - low) / np.array([_PANEL[0], _PANEL[0], _PANEL[1]])))
    canvas = Image.new("RGB", (1600, 100 - FOOT_PIXELS + 580 * len(POSITIONS)), "white")
    draw, small = ImageDraw.Draw(canvas), ImageFont.load_default(17)
    draw.text((40, 26), title, fill=INK, font=ImageFont.load_default(28))
    for row, fraction in enumerate(POSITIONS):
        for column, plane in enumerate(PLANES):
            across = plane.across
            position_mm = part[0][across] + fraction * (part[1][across] - part[0][across])
            points = slice_points(plane, position_mm, low, high, pixel_mm)
            shown = slice_of_skull(points, skull, background)
            occupancy = slice_of_mask(points, implant)[..., None]
            image = as_bytes(shown + occupancy * (IMPLANT - shown))
            left, top = 10 + 530 * column, 72 + 580 * row
            panel = Image.new("RGB", _PANEL, tuple(int(255 * value) for value in _BACKGROUND))
            panel.paste(Image.fromarray(image), ((_PANEL[0] - image.shape[1]) // 2, (_PANEL[1] - image.shape[0]) // 2))
            draw_sides_and_scale(panel, plane, pixel_mm)
            canvas.paste(panel, (left, top))
            # A signed coordinate and not "28 mm left", since the origin may lie outside the head.
            caption = f"{plane.name}, {'RAS'[across]} = {position_mm:.0f} mm"
            draw.text((left + 260, top + 540), caption, fill=INK, font=small, anchor="mm")
    write_png(canvas, path, case_id=case_id)


def extent_of(mask: Volume) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest RAS coordinates of a mask's voxel centers."""
    try:
        box = foreground_box(mask.voxels)
    except InputError as error:
        raise InputError("There is no skull or implant to show slices of.") from error
    points = mask.to_ras(corner_indices(box))
    return points.min(axis=0), points.max(axis=0)


def slice_points(plane: Plane, position_mm: float, low: np.ndarray, high: np.ndarray, pixel_mm: float) -> np.ndarray:
    """Return the RAS points of a slice's pixels, shape (rows, columns, 3)."""
    lines = [
        np.arange(low[axis], high[axis] + pixel_mm / 2, pixel_mm)[::direction]
        for axis, direction in (plane.right, plane.down)
    ]
    columns, rows = np.meshgrid(*lines)
    points = np.empty((*rows.shape, 3))
    points[..., plane.across] = position_mm
    points[..., plane.right[0]], points[..., plane.down[0]] = columns, rows
    return points


def slice_of_skull(points: np.ndarray, skull: Volume, ct: Volume | None) -> np.ndarray:
    """Return the CT or, without one, the skull's mask at a slice's points, as RGB from 0 to 1, (rows, columns, 3)."""
    if ct is None:
        return _BACKGROUND + slice_of_mask(points, skull)[..., None] * (BONE - _BACKGROUND)
    first, last = CT_WINDOW_HU
    values = _sampled(points, ct, first)
    return np.repeat(np.clip((values - first) / (last - first), 0, 1)[..., None], 3, axis=-1)


def slice_of_mask(points: np.ndarray, mask: Volume) -> np.ndarray:
    """Return how much of a mask is at a slice's points, from 0 to 1, shape (rows, columns)."""
    return np.clip(_sampled(points, mask), 0, 1)


def as_bytes(picture: np.ndarray) -> np.ndarray:
    """Return a picture with values from 0 to 1 as an 8-bit picture."""
    return (255 * np.clip(picture, 0, 1)).astype(np.uint8)


def _sampled(points: np.ndarray, volume: Volume, outside: float = 0.0) -> np.ndarray:
    """Return a volume at a slice's points, which are evenly spaced, interpolated linearly."""
    corners = volume.to_indices(np.stack([points[0, 0], points[1, 0], points[0, 1]]))
    to_indices = np.column_stack([corners[1] - corners[0], corners[2] - corners[0], np.zeros(3)])
    return ndimage.affine_transform(
        volume.voxels,
        to_indices,
        corners[0],
        (*points.shape[:2], 1),
        np.float32,
        order=1,
        mode="grid-constant",
        cval=outside,
    )[..., 0]


def _letters(axis: Axis) -> Sequence[str]:
    """Return the anatomical directions at the beginning and at the end of an axis of the picture."""
    ends = ("LPI"[axis[0]], "RAS"[axis[0]])
    return ends if axis[1] > 0 else ends[::-1]


def draw_sides_and_scale(
    panel: Image.Image, plane: Plane, pixel_mm: float, *, letters: int = 17, scale_mm: int = _SCALE_MM
) -> None:
    """Draw the directions at the four edges of a slice in letters of a height in pixels, and a scale bar."""
    from PIL import ImageDraw, ImageFont

    draw, font, (width, height) = ImageDraw.Draw(panel), ImageFont.load_default(letters), panel.size
    edge = round(0.82 * letters)
    places = [(edge, height / 2), (width - edge, height / 2), (width / 2, edge), (width / 2, height - edge)]
    for letter, place in zip((*_letters(plane.right), *_letters(plane.down)), places, strict=True):
        draw.text(place, letter, fill=_SCALE_INK, font=font, anchor="mm", stroke_width=2, stroke_fill="black")
    length, right, down = scale_mm / pixel_mm, width - 20, height - 20
    draw.line((right - length, down, right, down), fill=_SCALE_INK, width=3)
    label = f"{scale_mm} mm"
    across = min(right - length / 2, width - 6 - draw.textlength(label, font) / 2)  # a short bar is narrower
    draw.text(
        (across, down - round(0.7 * letters)),
        label,
        fill=_SCALE_INK,
        font=font,
        anchor="mm",
        stroke_width=2,
        stroke_fill="black",
    )
