"""A picture of the plates, screws and holes of a part in the skull."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from CraNeXtLib.geometry.mesh import Mesh, joined
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.bone_model import bone_around
from CraNeXtLib.implant.finishing.finished_implant import FinishedImplant
from CraNeXtLib.implant.finishing.fixation_settings import FixationSettings
from CraNeXtLib.implant.finishing.hole_candidates import Hole
from CraNeXtLib.implant.finishing.plates import Plate
from CraNeXtLib.implant.outward import outward_direction
from CraNeXtLib.pictures.camera import Camera
from CraNeXtLib.pictures.distance_pictures import views_from
from CraNeXtLib.pictures.mesh_renderer import render_mesh
from CraNeXtLib.pictures.palette import BONE, IMPLANT, INK
from CraNeXtLib.pictures.png_files import write_png

if TYPE_CHECKING:
    from PIL import ImageDraw

FIXATION_PICTURE = "fixation.png"
FIXATION_CAPTION = "Plates, numbered as in the table, with their screws, and holes for sutures."

_PLATE = np.array([150, 155, 165]) / 255
_COLORS = {
    "screw in part": np.array([230, 160, 30]) / 255,
    "screw in bone": np.array([195, 45, 50]) / 255,
    "suture": np.array([90, 60, 160]) / 255,
    "suspension": np.array([50, 140, 60]) / 255,
}
_BONE_MM = 35.0  # of bone shown around the part
_PANEL = (760, 700)  # width and height of a view in pixels
_CAPTION_HEIGHT, _LEGEND_HEIGHT = 50, 50
_FILLED = 0.95
_HEAD = 1.4  # how much wider than its hole a screw's head is drawn
_ABOVE_MM = 1.2  # height of heads above the surface
_CORNERS = 20


def write_fixation_picture(finished: FinishedImplant, skull: Volume, path: Path, *, case_id: str = "") -> None:
    """Draw the part in the bone around it with its plates and holes, from outside and from aside.

    Args:
        finished: A part with fixation.
        skull: Mask of the defective skull.
        path: The PNG file.
        case_id: Name of the case, if there is one.

    Raises:
        InputError: If the file cannot be written.
    """
    from PIL import Image, ImageDraw, ImageFont

    settings = finished.settings.fixation or FixationSettings()
    plates = [plate for piece in finished.pieces for plate in piece.plates]
    holes = [hole for piece in finished.pieces for hole in piece.holes]
    shown = [(surface_of(bone_around(skull, finished.implant, _BONE_MM)), BONE), (finished.mesh, IMPLANT)]
    shown += [(_strip(plate, settings), _PLATE) for plate in plates]
    marks = [*(screw for plate in plates for screw in plate.screws), *holes]
    shown += [(_disk(hole), _COLORS[hole.purpose]) for hole in marks]
    mesh = joined([part for part, _ in shown])
    colors = np.concatenate([np.tile(color, (len(part.vertices), 1)) for part, color in shown])
    outside = outward_direction(finished.implant, skull)
    aside = list(views_from(outside, oblique=True).items())[:1]
    views = {"from outside": outside, **dict(aside)}

    canvas = Image.new("RGB", (2 * _PANEL[0], _PANEL[1] + _CAPTION_HEIGHT + _LEGEND_HEIGHT), "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(24)
    room = _FILLED * np.array(_PANEL)
    cameras = {caption: Camera.looking_from(direction) for caption, direction in views.items()}
    extents = [np.ptp(mesh.vertices @ camera.rotation[:2].T, axis=0) for camera in cameras.values()]
    pixel_mm = float((np.array(extents) / room).max())
    for number, (caption, camera) in enumerate(cameras.items()):
        left, size = number * _PANEL[0], (_PANEL[1], _PANEL[0])
        view = render_mesh(mesh, colors, camera, size, pixel_mm)
        canvas.paste(Image.fromarray(view), (left, _CAPTION_HEIGHT))
        draw.text((left + _PANEL[0] / 2, 20), f"Fixation, {caption}", fill=INK, font=font, anchor="mt")
        for letter, offset in zip(camera.side_letters, (24, _PANEL[0] - 24), strict=True):
            draw.text((left + offset, _CAPTION_HEIGHT + _PANEL[1] / 2), letter, fill=INK, font=font, anchor="mm")
        flat = mesh.vertices @ camera.rotation[:2].T
        middle = (flat.min(axis=0) + flat.max(axis=0)) / 2
        for index, plate in enumerate(plates, 1):
            if np.dot(plate.normal_ras, -camera.rotation[2]) < 0.2:
                continue
            label = np.array(plate.place_ras_mm) + 4 * np.cross(plate.normal_ras, plate.along_ras)
            x, y = (label @ camera.rotation[:2].T - middle) / pixel_mm + np.array(_PANEL) / 2
            place = (left + float(x), _CAPTION_HEIGHT + float(y))
            draw.text(place, str(index), fill=INK, font=font, anchor="mm", stroke_width=3, stroke_fill="white")
    _draw_legend(draw, sorted({hole.purpose for hole in marks}), canvas.height - _LEGEND_HEIGHT / 2)
    write_png(canvas, path, case_id=case_id)


def _draw_legend(draw: ImageDraw.ImageDraw, purposes: Sequence[str], middle: float) -> None:
    from PIL import ImageFont

    font, left = ImageFont.load_default(20), 60.0
    for purpose in purposes:
        color = tuple((255 * _COLORS[purpose]).astype(int).tolist())
        draw.ellipse((left, middle - 9, left + 18, middle + 9), fill=color)
        draw.text((left + 28, middle), purpose, fill=INK, font=font, anchor="lm")
        left += 60 + draw.textlength(purpose, font=font)


def _strip(plate: Plate, settings: FixationSettings) -> Mesh:
    """Return a plate bent over its screws, drawn a little above the surface so that it shows."""
    half = len(plate.screws) // 2
    screws = np.array([screw.place_ras_mm for screw in plate.screws])
    screws = np.insert(screws, half, plate.place_ras_mm, axis=0)
    normals = np.tile(plate.normal_ras, (len(screws), 1))
    ends = settings.plate_width_mm / 2 * np.array([np.array(plate.along_ras)])
    line = np.concatenate([screws[:1] - ends, screws, screws[-1:] + ends])
    normals = np.concatenate([normals[:1], normals, normals[-1:]])
    across = np.cross(normals, plate.along_ras) * settings.plate_width_mm / 2
    low, high = 0.1, 0.5 + settings.plate_thickness_mm
    corners = [across + low * normals, across + high * normals, -across + high * normals, -across + low * normals]
    vertices = np.stack([line + corner for corner in corners], axis=1).reshape(-1, 3)
    faces = []
    for node in range(len(line) - 1):
        for corner in range(4):
            a, b = 4 * node + corner, 4 * node + (corner + 1) % 4
            faces += [[a, b, a + 4], [b, b + 4, a + 4]]
    last = 4 * (len(line) - 1)
    faces += [[0, 2, 1], [0, 3, 2], [last, last + 1, last + 2], [last, last + 2, last + 3]]
    return _outward(Mesh(vertices, np.array(faces)))


def _disk(hole: Hole) -> Mesh:
    """Return a flat cylinder over a hole."""
    from CraNeXtLib.geometry.distance_field import axes_toward

    axes = axes_toward(np.array(hole.axis_ras))
    turns = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    ring = _HEAD * hole.diameter_mm / 2 * (axes[:, :2] @ np.stack([np.cos(turns), np.sin(turns)])).T
    middle, up = np.array(hole.place_ras_mm), _ABOVE_MM * axes[:, 2]
    vertices = np.concatenate([middle - up + ring, middle + up + ring, [middle - up, middle + up]])
    here = np.arange(_CORNERS)
    following = (here + 1) % _CORNERS
    bottom, top = np.full(_CORNERS, 2 * _CORNERS), np.full(_CORNERS, 2 * _CORNERS + 1)
    faces = [
        np.stack([here, following, here + _CORNERS], axis=1),
        np.stack([following, following + _CORNERS, here + _CORNERS], axis=1),
        np.stack([bottom, following, here], axis=1),
        np.stack([top, here + _CORNERS, following + _CORNERS], axis=1),
    ]
    return _outward(Mesh(vertices, np.concatenate(faces)))


def _outward(mesh: Mesh) -> Mesh:
    return mesh if mesh.volume_ml > 0 else Mesh(mesh.vertices, mesh.faces[:, ::-1])
