"""Pictures of a mold: the halves lifted apart with the part between them, and a cut through all three."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from CraNeXtLib.geometry.mesh import Mesh, joined
from CraNeXtLib.geometry.solids import mesh_of, union
from CraNeXtLib.implant.mold.mold_frame import MoldFrame
from CraNeXtLib.implant.mold.spring_form import SpringForm
from CraNeXtLib.implant.mold.two_part_mold import TwoPartMold
from CraNeXtLib.pictures.camera import Camera
from CraNeXtLib.pictures.mesh_renderer import render_mesh
from CraNeXtLib.pictures.palette import BONE, IMPLANT, INK
from CraNeXtLib.pictures.png_files import write_png

MOLD_PICTURES = {
    "mold_open.png": "The halves of the mold lifted apart along the opening direction, with the molded part.",
    "mold_cut.png": "Cuts through the closed mold at the sprue, with the material in it.",
}
"""Captions of the pictures by file name."""

SPRING_FORM_PICTURE = "spring_form.png"

UPPER = np.array([176, 190, 205]) / 255
"""The upper half, RGB from 0 to 1."""

_PANEL = (760, 720)  # width and height of a view in pixels
_HEAD, _FILLED = 110, 0.94
_SIDES = {"from one side": (0.55, -1.0, 0.75), "from the other side, below": (-0.55, 1.0, -0.75)}
_CUTS = {"cut across": (0, (-1.0, 0.0, 0.25)), "cut along": (1, (0.0, -1.0, 0.25))}
"""For each cut the axis across it, and the direction from which it is seen, in the frame of the mold."""


def write_mold_pictures(mold: TwoPartMold, folder: Path, *, case_id: str = "") -> None:
    """Draw a mold as the files of ``MOLD_PICTURES``.

    Raises:
        InputError: If a file cannot be written.
    """
    molded = mold.undercut.molded
    gap = 0.6 * mold.size_mm[2]
    open_mold = [
        (mesh_of(mold.lower), BONE),
        (mesh_of(molded.translate([0, 0, gap])), IMPLANT),
        (mesh_of(mold.upper.translate([0, 0, 2 * gap])), UPPER),
    ]
    way = ", ".join(f"{value:.2f}" for value in mold.frame.up)
    names = list(MOLD_PICTURES)
    _write(
        {caption: (open_mold, side) for caption, side in _SIDES.items()},
        mold.frame,
        folder / names[0],
        title=f"The mold opens along RAS {way}",
        case_id=case_id,
    )
    material = molded + union([mold.sprue, *mold.vents])
    middle = np.array(mold.sprue.bounding_box()).reshape(2, 3).mean(axis=0)
    views = {}
    for caption, (axis, side) in _CUTS.items():
        normal = np.zeros(3)
        normal[axis] = 1.0
        solids = ((mold.lower, BONE), (material, IMPLANT), (mold.upper, UPPER))
        cut = [(mesh_of(solid.trim_by_plane(normal, middle[axis])), color) for solid, color in solids]
        views[caption] = (cut, side)
    _write(views, mold.frame, folder / names[1], title="Cuts through the closed mold at the sprue", case_id=case_id)


def write_spring_form_picture(form: SpringForm, folder: Path, *, case_id: str = "") -> None:
    """Draw ring, part and mold of a spring form lifted apart, as ``SPRING_FORM_PICTURE``.

    Raises:
        InputError: If the file cannot be written.
    """
    molded = form.undercut.molded
    gap = 1.2 * float(np.ptp(np.array(molded.bounding_box()).reshape(2, 3)[:, 2]))
    apart = [
        (mesh_of(form.ring), BONE),
        (mesh_of(molded.translate([0, 0, gap])), IMPLANT),
        (mesh_of(form.mold.translate([0, 0, 2 * gap])), UPPER),
    ]
    views = {caption: (apart, side) for caption, side in _SIDES.items()}
    title = "Spring form: ring of the defect's margin, part, and mold of the outer side"
    _write(views, form.frame, folder / SPRING_FORM_PICTURE, title=title, case_id=case_id)


def _write(
    views: Mapping[str, tuple[Sequence[tuple[Mesh, np.ndarray]], Sequence[float]]],
    frame: MoldFrame,
    path: Path,
    *,
    title: str,
    case_id: str,
) -> None:
    """Draw colored meshes of the frame, each view from its side of the frame, beside each other."""
    from PIL import Image, ImageDraw, ImageFont

    canvas = Image.new("RGB", (len(views) * _PANEL[0], _PANEL[1] + _HEAD), "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(24)
    draw.text((40, 22), title, fill=INK, font=ImageFont.load_default(28))
    for number, (caption, (meshes, side)) in enumerate(views.items()):
        camera = _camera(frame, np.array(side))
        whole = frame.to_ras(joined([_faceted(mesh) for mesh, _ in meshes]))
        colors = np.concatenate([np.tile(color, (3 * len(mesh.faces), 1)) for mesh, color in meshes])
        extent = np.ptp(whole.vertices @ camera.rotation[:2].T, axis=0)
        pixel_mm = float((extent / (_FILLED * np.array(_PANEL))).max())
        picture = render_mesh(whole, colors, camera, (_PANEL[1], _PANEL[0]), pixel_mm)
        left = number * _PANEL[0]
        canvas.paste(Image.fromarray(picture), (left, _HEAD))
        draw.text((left + _PANEL[0] / 2, _HEAD - 24), caption, fill=INK, font=font, anchor="mm")
        for letter, offset in zip(camera.side_letters, (24, _PANEL[0] - 24), strict=True):
            draw.text((left + offset, _HEAD + _PANEL[1] / 2), letter, fill=INK, font=font, anchor="mm")
    write_png(canvas, path, case_id=case_id)


def _camera(frame: MoldFrame, side: np.ndarray) -> Camera:
    """Return a camera on one side, given in the frame of the mold, in whose picture the opening direction is up."""
    side = frame.axes @ (side / np.linalg.norm(side))
    up = frame.up - (frame.up @ side) * side
    up /= np.linalg.norm(up)
    return Camera(np.array([np.cross(up, side), -up, -side]))


def _faceted(mesh: Mesh) -> Mesh:
    """Return a mesh without shared corners, so that its edges are drawn as edges."""
    return Mesh(mesh.vertices[mesh.faces].reshape(-1, 3), np.arange(3 * len(mesh.faces)).reshape(-1, 3))
