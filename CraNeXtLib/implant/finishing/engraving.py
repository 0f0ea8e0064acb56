"""A line of text engraved on the outer surface of an implant, read from outside with the top of the head up."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing.plan_view import PlanView

HEIGHT_MM = 9.0
"""Height of the letters. Their strokes are then about 1 mm wide, which any printer can make."""
LEAST_HEIGHT_MM = 6.0
"""Height below which letters could not be read, so that the text is left out."""
DEPTH_MM = 0.8
BORDER_MM = 3.0
"""Least distance of the text from the border."""

_HEIGHT_STEP_MM = 0.5
_FONT_PIXELS = 64


def engrave(part: Volume, text: str) -> tuple[Volume, np.ndarray] | None:
    """Return a part with a text engraved, and the columns of the grid below it; None if the text does not fit.

    Args:
        part: Field of the part; its third axis points out of the head.
        text: One line.

    Returns:
        The field, and a bool array of shape (I, J).
    """
    view = PlanView(part)
    picture = _picture(text)
    right, up = _reading_directions(part)
    room = view.border_distance_mm
    middle = np.array(np.unravel_index(room.argmax(), room.shape))
    columns = (np.indices(room.shape).transpose(1, 2, 0) - middle) * view.step
    across, upward = columns @ right, columns @ up
    for height in np.arange(HEIGHT_MM, LEAST_HEIGHT_MM - 0.1, -_HEIGHT_STEP_MM):
        width = height * picture.shape[1] / picture.shape[0]
        box = (np.abs(across) <= width / 2) & (np.abs(upward) <= height / 2)
        if (room[box] > BORDER_MM).all():
            break
    else:
        return None
    pixel_mm = height / picture.shape[0]
    pixels = [(height / 2 - upward) / pixel_mm - 0.5, (across + width / 2) / pixel_mm - 0.5]
    ink = ndimage.map_coordinates(picture, pixels, order=1, cval=0.0, prefilter=False)
    below = (view.smooth_top[..., None] + 0.5 - np.arange(part.shape[2])) * view.step * view.normals[..., 2:]
    letters = np.maximum((0.5 - ink)[..., None], below - DEPTH_MM)
    return part.with_voxels(np.maximum(part.voxels, -letters).astype(np.float32)), box


def _picture(text: str) -> np.ndarray:
    """Return the text as ink from 0 to 1, as high as its letters, with blurred edges."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(_FONT_PIXELS)
    left, top, right, bottom = font.getbbox(text, stroke_width=2)
    image = Image.new("L", (int(right - left) + 2, int(bottom - top) + 2))
    ImageDraw.Draw(image).text((1 - left, 1 - top), text, fill=255, font=font, stroke_width=2)
    ink = np.asarray(image, dtype=np.float32) / 255
    return ndimage.gaussian_filter(np.pad(ink, 4), 1.5)


def _reading_directions(part: Volume) -> tuple[np.ndarray, np.ndarray]:
    """Return the directions to the reader's right and up, in columns of the grid, shape (2,) each."""
    axes = part.affine[:3, :3] / part.spacing
    outward = axes[:, 2]
    upright = np.array([0.0, 0, 1]) if abs(outward[2]) < 0.8 else np.array([0.0, 1, 0])
    upright -= (upright @ outward) * outward
    upright /= np.linalg.norm(upright)
    return axes[:, :2].T @ np.cross(upright, outward), axes[:, :2].T @ upright
