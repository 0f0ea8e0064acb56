"""The picture of the approval sheet: the part in the skull from six sides, and outlined on six cuts through it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from CraNeXtLib.geometry.mask import of_booleans
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.pictures.implant_pictures import SIX_SIDES, SkullViews
from CraNeXtLib.pictures.palette import INK, OUTLINE
from CraNeXtLib.pictures.png_files import write_png
from CraNeXtLib.pictures.slice_pictures import (
    PLANES,
    POSITIONS,
    Plane,
    as_bytes,
    draw_sides_and_scale,
    extent_of,
    slice_of_mask,
    slice_of_skull,
    slice_points,
)

if TYPE_CHECKING:
    from PIL import Image

# Across an A4 page a pixel is 0.08 mm wide, so that 32 pixels are the size of this project's smallest print.
_SIZE = (2360, 1210)  # width and height in pixels
_LETTERS = 32
_VIEW, _VIEW_COLUMNS = (520, 560), 3
_CUT, _CUTS_LEFT = 362, 1606
_ROW_LABEL = 42
_MARGIN_MM = 20.0  # of the skull around the part


def write_approval_picture(
    views: SkullViews, skull: Volume, part: Volume, path: Path, *, case_id: str, ct: Volume | None = None
) -> None:
    """Draw the skull with the part from six sides, and two cuts in each plane with the part's outline, as PNG.

    Args:
        views: Views of the skull and the part.
        skull: Mask of the defective skull.
        part: Mask of the part, of the same geometry, not empty.
        path: The file to write.
        case_id: Name of the case.
        ct: The CT in Hounsfield units, on any grid, shown on the cuts in place of the skull's mask.

    Raises:
        InputError: If the part is empty or the file cannot be written.
    """
    from PIL import Image, ImageDraw, ImageFont

    canvas = Image.new("RGB", _SIZE, "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(_LETTERS)
    for number, caption in enumerate(SIX_SIDES):
        row, column = divmod(number, _VIEW_COLUMNS)
        left, top = column * _VIEW[0], row * (_VIEW[1] + _ROW_LABEL)
        canvas.paste(views.view(caption), (left, top))
        line = top + _VIEW[1] + _ROW_LABEL / 2
        draw.text((left + _VIEW[0] / 2, line), caption, fill=INK, font=font, anchor="mm")
        for letter, across in zip(views.cameras[caption].side_letters, (40, _VIEW[0] - 40), strict=True):
            draw.text((left + across, line), letter, fill=INK, font=font, anchor="mm")
    skull, part = of_booleans(skull), of_booleans(part)
    low, high = extent_of(part)
    for row, plane in enumerate(PLANES):
        for column, fraction in enumerate(POSITIONS):
            position_mm = low[plane.across] + fraction * (high[plane.across] - low[plane.across])
            left, top = _CUTS_LEFT + column * (_CUT + 20), row * (_CUT + _ROW_LABEL)
            canvas.paste(_cut(plane, position_mm, (low, high), skull, part, ct), (left, top))
            place = (left + _CUT / 2, top + _CUT + _ROW_LABEL / 2)
            caption = f"{plane.name}, {'RAS'[plane.across]} = {position_mm:.0f} mm"
            draw.text(place, caption, fill=INK, font=font, anchor="mm")
    write_png(canvas, path, case_id=case_id)


def _cut(
    plane: Plane,
    position_mm: float,
    extent: tuple[np.ndarray, np.ndarray],
    skull: Volume,
    part: Volume,
    ct: Volume | None,
) -> Image.Image:
    """Return a square cut around the part, in the scale of all cuts, with its outline."""
    from PIL import Image, ImageDraw
    from skimage.measure import find_contours

    middle, half_mm = (extent[0] + extent[1]) / 2, np.max(extent[1] - extent[0]) / 2 + _MARGIN_MM
    pixel_mm = 2 * half_mm / (_CUT - 1)
    points = slice_points(plane, position_mm, middle - half_mm, middle + half_mm, pixel_mm)[:_CUT, :_CUT]
    picture = Image.fromarray(as_bytes(slice_of_skull(points, skull, ct)))
    draw = ImageDraw.Draw(picture)
    for contour in find_contours(np.pad(slice_of_mask(points, part), 1), 0.5):
        draw.line([(x - 1, y - 1) for y, x in contour], fill=OUTLINE, width=4, joint="curve")
    draw_sides_and_scale(picture, plane, pixel_mm, letters=_LETTERS, scale_mm=20)
    return picture
