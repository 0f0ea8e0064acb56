"""Slices through the skull where the implant is, in the three anatomical planes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import replacing
from CraNeXtLib.geometry.box import corner_indices, foreground_box
from CraNeXtLib.geometry.mesh_files import NOTICE
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.pictures.implant_pictures import BONE, IMPLANT
from CraNeXtLib.pictures.mesh_renderer import INK

# Name, the RAS axis across which it lies, and the RAS axes from left to right and from top to bottom: as radiologists
# look, from the feet, from the front and from the left.
PLANES = (("Axial", 2, (0, -1), (1, -1)), ("Coronal", 1, (0, -1), (2, -1)), ("Sagittal", 0, (1, -1), (2, -1)))
PLACES = (0.3, 0.7)  # along the implant's extent across the plane
CT_WINDOW_HU = (-200.0, 1300.0)
PIXEL_MM = 0.4
_PANEL = (520, 520)
_MARGIN_MM = 12.0
_BACKGROUND = np.array([0.10, 0.11, 0.13])


def write_slice_picture(
    skull: Volume, implant: Volume, path: str | Path, *, title: str, background: Volume | None = None
) -> None:
    """Write a PNG of six slices through the implant, two a plane, with a scale and the letters of the sides.

    Args:
        skull: Mask of the defective skull.
        implant: Mask of the implant, of the same geometry, not empty.
        path: The file to write.
        title: One line above the slices.
        background: The CT in Hounsfield units, of the same geometry, to be shown in place of the skull's mask.

    Raises:
        InputError: If the geometries differ, the implant is empty or the file cannot be written.
    """
    from PIL import Image, ImageDraw, ImageFont

    if not all(volume.has_geometry_of(skull) for volume in (implant, background) if volume is not None):
        raise InputError("Skull, implant and CT differ in geometry; resample them onto each other.")
    head, part = (_extent(volume) for volume in (skull, implant))
    low, high = np.minimum(head[0], part[0]) - _MARGIN_MM, np.maximum(head[1], part[1]) + _MARGIN_MM
    pixel_mm = max(PIXEL_MM, *((high - low) / np.array([_PANEL[0], _PANEL[0], _PANEL[1]])))
    canvas = Image.new("RGB", (1600, 100 + 580 * len(PLACES)), "white")
    draw, small = ImageDraw.Draw(canvas), ImageFont.load_default(17)
    draw.text((40, 26), title, fill=INK, font=ImageFont.load_default(28))
    for row, share in enumerate(PLACES):
        for column, (name, across, *axes) in enumerate(PLANES):
            place = part[0][across] + share * (part[1][across] - part[0][across])
            points = _plane(across, place, axes, low, high, pixel_mm)
            image = _painted(points, skull, implant, background)
            left, top = 10 + 530 * column, 72 + 580 * row
            panel = Image.new("RGB", _PANEL, tuple(int(255 * value) for value in _BACKGROUND))
            panel.paste(Image.fromarray(image), ((_PANEL[0] - image.shape[1]) // 2, (_PANEL[1] - image.shape[0]) // 2))
            _write_scale(ImageDraw.Draw(panel), pixel_mm, small, letters=[_letters(*axis) for axis in axes])
            canvas.paste(panel, (left, top))
            caption = f"{name}, {'RAS'[across]} = {place:.0f} mm"  # signed: the origin may lie outside the head
            draw.text((left + 260, top + 540), caption, fill=INK, font=small, anchor="mm")
    draw.text((800, canvas.height - 18), NOTICE, fill=(120, 126, 133), font=small, anchor="mm")
    with replacing(path) as temporary:
        canvas.save(temporary, format="PNG")


def _extent(mask: Volume) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest RAS coordinates of a mask's voxel centres."""
    try:
        box = foreground_box(mask.voxels != 0)
    except InputError as error:
        raise InputError("There is no skull or implant to show slices of.") from error
    points = mask.to_ras(corner_indices(box))
    return points.min(axis=0), points.max(axis=0)


def _plane(
    across: int, place: float, axes: list[tuple[int, int]], low: np.ndarray, high: np.ndarray, pixel_mm: float
) -> np.ndarray:
    """Return the RAS points of a slice's pixels, shape (rows, columns, 3)."""
    lines = []
    for axis, direction in axes:
        line = np.arange(low[axis], high[axis] + pixel_mm / 2, pixel_mm)
        lines.append(line[::direction])
    columns, rows = np.meshgrid(*lines)
    points = np.empty((*rows.shape, 3))
    points[..., across] = place
    points[..., axes[0][0]], points[..., axes[1][0]] = columns, rows
    return points


def _painted(points: np.ndarray, skull: Volume, implant: Volume, background: Volume | None) -> np.ndarray:
    """Return the slice as an 8-bit colour image of shape (rows, columns, 3)."""
    shape = points.shape[:2]
    indices = skull.to_indices(points.reshape(-1, 3)).T

    def sample(voxels: np.ndarray, order: int, outside: float = 0.0) -> np.ndarray:
        values = ndimage.map_coordinates(voxels, indices, output=np.float32, order=order, cval=outside)
        return values.reshape(*shape, 1)

    if background is None:
        image = _BACKGROUND + sample(skull.voxels != 0, 1) * (BONE - _BACKGROUND)
    else:
        first, last = CT_WINDOW_HU
        image = np.clip((sample(background.voxels, 1, first) - first) / (last - first), 0, 1) * np.ones(3)
    share = np.clip(sample(implant.voxels != 0, 1), 0, 1)
    return (255 * np.clip(image + share * (IMPLANT - image), 0, 1)).astype(np.uint8)


def _letters(axis: int, direction: int) -> tuple[str, str]:
    """Return what lies at the beginning and at the end of an axis of the picture."""
    ends = "LPI"[axis], "RAS"[axis]
    return ends if direction > 0 else ends[::-1]


def _write_scale(draw, pixel_mm: float, font, letters: list[tuple[str, str]]) -> None:
    """Write the letters of the sides and a bar of 50 mm."""
    ink = (235, 235, 235)
    (left, right), (top, bottom) = letters
    width, height = _PANEL
    for letter, place in ((left, (14, height / 2)), (right, (width - 14, height / 2))):
        draw.text(place, letter, fill=ink, font=font, anchor="mm")
    for letter, place in ((top, (width / 2, 14)), (bottom, (width / 2, height - 14))):
        draw.text(place, letter, fill=ink, font=font, anchor="mm")
    length = 50 / pixel_mm
    draw.line((width - 20 - length, height - 20, width - 20, height - 20), fill=ink, width=3)
    draw.text((width - 20 - length / 2, height - 32), "50 mm", fill=ink, font=font, anchor="mm")
