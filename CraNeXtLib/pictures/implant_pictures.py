"""A picture of the defective skull with its implant, from the three best sides or from all six."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from CraNeXtLib.core.runtime.side_by_side import side_by_side
from CraNeXtLib.pictures.camera import Camera
from CraNeXtLib.pictures.palette import BONE, IMPLANT, INK, REST
from CraNeXtLib.pictures.png_files import FOOT_PIXELS, write_png
from CraNeXtLib.pictures.skull_renderer import SkullScene, render_skull

if TYPE_CHECKING:
    from PIL import Image

SIX_SIDES: Mapping[str, np.ndarray] = {
    "From the front": np.array([0.0, 1, 0]),
    "From the right": np.array([1.0, 0, 0]),
    "From above": np.array([0.0, 0, 1]),
    "From behind": np.array([0.0, -1, 0]),
    "From the left": np.array([-1.0, 0, 0]),
    "From below": np.array([0.0, 0, -1]),
}
"""RAS directions from the head to the viewer, by caption."""

_PANEL = (520, 560)  # width and height of a view in pixels
_COLUMNS, _ROW = 3, 600  # views in a row, and the height of a row with its caption
_SAME_VIEW = 0.9  # a side whose cosine with the direction of the implant is above this shows nothing new
_FRAME = 1.04  # width of a view by that of the skull in it


@dataclass(frozen=True, eq=False)
class SkullViews:
    """Views of one skull, all in one scale; each is drawn once, however many pictures show it.

    Args:
        scene: The skull and the implant.
        supersampling: Rendered pixels per pixel of a view, along each side.
    """

    scene: SkullScene
    supersampling: float = 1.25
    _drawn: dict[str, Image.Image] = field(default_factory=dict)

    @cached_property
    def cameras(self) -> dict[str, Camera]:
        """All cameras by caption: those of ``best_sides`` and of ``SIX_SIDES``."""
        sides = {**best_sides(self.scene), **SIX_SIDES}
        return {caption: Camera.looking_from(side) for caption, side in sides.items()}

    @cached_property
    def pixel_mm(self) -> float:
        """Size of a rendered pixel in mm: the smallest with which the skull fits into every view."""
        extents = [np.ptp(self.scene.surface_points @ camera.rotation.T, axis=0) for camera in self.cameras.values()]
        return (
            _FRAME * max(max(across / _PANEL[0], down / _PANEL[1]) for across, down, _ in extents) / self.supersampling
        )

    def draw(self) -> None:
        """Draw all views, several at a time."""
        _ = self.pixel_mm, self.scene.normals, self.scene.colors  # what they share
        side_by_side(*(partial(self.view, caption) for caption in self.cameras))

    def view(self, caption: str) -> Image.Image:
        """Return a view."""
        from PIL import Image

        if caption not in self._drawn:
            width, height = (int(side * self.supersampling) for side in _PANEL)
            pixels = render_skull(self.scene, self.cameras[caption], (height, width), self.pixel_mm)
            self._drawn[caption] = Image.fromarray(pixels).resize(_PANEL, Image.Resampling.LANCZOS)
        return self._drawn[caption]


def write_implant_picture(
    views: SkullViews,
    path: str | Path,
    *,
    title: str,
    case_id: str = "",
    six_sides: bool = False,
    names: tuple[str, str] = ("Implant", ""),
) -> None:
    """Draw the skull with the implant in color, facing the implant and from two more sides, as PNG 1600 pixels wide.

    Args:
        views: Views of the skull and the implant.
        path: The file to write.
        title: One line above the views.
        case_id: Name of the case, if there is one.
        six_sides: Draw the front, the back, both sides, the top and the base instead.
        names: What the implant is called, and the part of it that the scene colors differently.

    Raises:
        InputError: If the file cannot be written.
    """
    from PIL import Image, ImageDraw, ImageFont

    captions = SIX_SIDES if six_sides else best_sides(views.scene)
    rows = -(-len(captions) // _COLUMNS)
    canvas = Image.new("RGB", (1600, 100 - FOOT_PIXELS + rows * _ROW), "white")
    draw = ImageDraw.Draw(canvas)
    draw.text((40, 26), title, fill=INK, font=ImageFont.load_default(28))
    small = ImageFont.load_default(17)
    for panel, caption in enumerate(captions):
        left, top = 10 + panel % _COLUMNS * 530, 72 + panel // _COLUMNS * _ROW
        canvas.paste(views.view(caption), (left, top))
        draw.text((left + 260, top + 576), caption, fill=INK, font=small, anchor="mm")
        for letter, offset in zip(views.cameras[caption].side_letters, (60, 460), strict=True):
            draw.text((left + offset, top + 576), letter, fill=INK, font=small, anchor="mm")
    right = 1560.0
    labels = [("Defective skull", BONE), (f"{names[0]}, {views.scene.implant_ml:.1f} mL", IMPLANT)]
    if views.scene.rest is not None:
        labels = [labels[0], (names[1], REST), (names[0], IMPLANT)]
    for label, color in reversed(labels):
        right -= draw.textlength(label, font=small)
        draw.text((right, 42), label, fill=INK, font=small, anchor="lm")
        draw.rectangle((right - 24, 34, right - 8, 50), fill=tuple((255 * color).astype(int)))
        right -= 50
    write_png(canvas, path, case_id=case_id)


def best_sides(scene: SkullScene) -> dict[str, np.ndarray]:
    """Return three sides to look from, as in ``SIX_SIDES``: facing the implant, and the two next best.

    Without an implant they are the front, the left and the top.
    """
    facing = scene.implant_direction
    if facing is None:
        return {caption: SIX_SIDES[caption] for caption in ("From the front", "From the left", "From above")}
    cosines = {caption: float(facing @ side) for caption, side in SIX_SIDES.items() if caption != "From below"}
    others = sorted((c for c, cosine in cosines.items() if cosine < _SAME_VIEW), key=lambda c: cosines[c], reverse=True)
    return {"Facing the implant": facing, **{caption: SIX_SIDES[caption] for caption in others[:2]}}
