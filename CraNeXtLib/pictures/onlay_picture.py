"""A picture of titanium sheets on the skull."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from CraNeXtLib.geometry.mesh import Mesh, joined
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.bone_model import bone_around
from CraNeXtLib.implant.outward import outward_direction
from CraNeXtLib.pictures.camera import Camera
from CraNeXtLib.pictures.distance_pictures import views_from
from CraNeXtLib.pictures.mesh_renderer import render_mesh
from CraNeXtLib.pictures.palette import BONE, INK
from CraNeXtLib.pictures.png_files import write_png

ONLAY_PICTURE = "onlay.png"
ONLAY_CAPTION = "The titanium sheet on the bone around the defect."

_TITANIUM = np.array([150, 155, 165]) / 255
_BONE_MM = 60.0  # of bone shown around the defect
_PANEL = (760, 700)  # width and height of a view in pixels
_CAPTION_HEIGHT = 50
_FILLED = 0.95


def write_onlay_picture(
    sheets: Sequence[Mesh], implant: Volume, skull: Volume, path: Path, *, case_id: str = ""
) -> None:
    """Draw sheets on the bone around them, from outside and from aside.

    Args:
        sheets: The closed sheets, RAS mm.
        implant: Mask of the implant that they cover.
        skull: Mask of the defective skull, of the same geometry.
        path: The PNG file.
        case_id: Name of the case, if there is one.

    Raises:
        InputError: If the file cannot be written.
    """
    from PIL import Image, ImageDraw, ImageFont

    bone, metal = surface_of(bone_around(skull, implant, _BONE_MM)), joined(sheets)
    mesh = joined([bone, metal])
    colors = np.concatenate([np.tile(c, (len(m.vertices), 1)) for m, c in ((bone, BONE), (metal, _TITANIUM))])
    outside = outward_direction(implant, skull)
    aside = list(views_from(outside, oblique=True).items())[:1]
    views = {"from outside": outside, **dict(aside)}
    canvas = Image.new("RGB", (len(views) * _PANEL[0], _PANEL[1] + _CAPTION_HEIGHT), "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(24)
    cameras = {caption: Camera.looking_from(direction) for caption, direction in views.items()}
    extents = [np.ptp(mesh.vertices @ camera.rotation[:2].T, axis=0) for camera in cameras.values()]
    pixel_mm = float((np.array(extents) / (_FILLED * np.array(_PANEL))).max())
    for number, (caption, camera) in enumerate(cameras.items()):
        left = number * _PANEL[0]
        view = render_mesh(mesh, colors, camera, (_PANEL[1], _PANEL[0]), pixel_mm)
        canvas.paste(Image.fromarray(view), (left, _CAPTION_HEIGHT))
        draw.text((left + _PANEL[0] / 2, 20), f"Titanium onlay, {caption}", fill=INK, font=font, anchor="mt")
        for letter, offset in zip(camera.side_letters, (24, _PANEL[0] - 24), strict=True):
            draw.text((left + offset, _CAPTION_HEIGHT + _PANEL[1] / 2), letter, fill=INK, font=font, anchor="mm")
    write_png(canvas, path, case_id=case_id)
