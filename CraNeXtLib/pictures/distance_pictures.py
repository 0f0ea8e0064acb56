"""Pictures of distance maps: the mesh from several sides, with a legend in millimeters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from CraNeXtLib.evaluation.distance_maps import DistanceMap
from CraNeXtLib.pictures.camera import Camera
from CraNeXtLib.pictures.mesh_renderer import render_mesh
from CraNeXtLib.pictures.palette import INK
from CraNeXtLib.pictures.png_files import write_png

if TYPE_CHECKING:
    from PIL import Image

NEGATIVE, NEUTRAL, POSITIVE = (0.13, 0.32, 0.66), (0.96, 0.96, 0.94), (0.75, 0.13, 0.15)
UNMEASURED = (0.70, 0.70, 0.70)

_PANEL = (750, 640)  # width and height of a view in pixels
_CAPTION_HEIGHT = 50
_LEGEND_HEIGHT = 120
_BAR = (700, 22)  # width and height of the color bar in pixels
_FILLED = 0.9  # fraction of a view that the mesh fills


def write_distance_picture(
    distances: DistanceMap,
    path: str | Path,
    *,
    views: Mapping[str, np.ndarray],
    title: str,
    legend: str,
    limit_mm: float | None = None,
    least_mm: float | None = None,
    case_id: str = "",
) -> None:
    """Draw a map from one or several sides and write it as PNG.

    Signed distances run from blue (negative) through white to red, unsigned ones from white to red; the mesh is gray
    where nothing is measured. All views have the same scale.

    Args:
        distances: What to draw.
        path: The PNG file.
        views: RAS direction from the mesh to the viewer, shape (3,), by caption; see ``views_from``.
        title: What the picture shows.
        legend: What the colors mean, with their unit.
        limit_mm: Distance at the ends of the color scale; see ``color_range`` for the default.
        least_mm: For thickness, of which more is better: below this, colors run to red, and above it to blue.
        case_id: Name of the case, if there is one.

    Raises:
        InputError: If the file cannot be written.
    """
    from PIL import Image, ImageDraw, ImageFont

    low, high = color_range(distances.values_mm) if limit_mm is None else (-limit_mm, limit_mm)
    signed = low < 0
    colors = colors_of(distances.values_mm, high, signed=signed, least_mm=least_mm)
    cameras = {caption: Camera.looking_from(direction) for caption, direction in views.items()}
    room = _FILLED * np.array(_PANEL) - (0, _CAPTION_HEIGHT)
    extents = [np.ptp(camera.rotation[:2] @ distances.mesh.vertices.T, axis=1) for camera in cameras.values()]
    pixel_mm = float((np.array(extents) / room).max())

    rows = -(-len(cameras) // 2)
    canvas = Image.new("RGB", (2 * _PANEL[0], rows * _PANEL[1] + _LEGEND_HEIGHT), "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(24)
    for number, (caption, camera) in enumerate(cameras.items()):
        left, top = number % 2 * _PANEL[0], number // 2 * _PANEL[1]
        shape = (_PANEL[1] - _CAPTION_HEIGHT, _PANEL[0])
        view = render_mesh(distances.mesh, colors, camera, shape, pixel_mm)
        canvas.paste(Image.fromarray(view), (left, top + _CAPTION_HEIGHT))
        draw.text((left + _PANEL[0] / 2, top + 20), f"{title}, {caption}", fill=INK, font=font, anchor="mt")
        for letter, offset in zip(camera.side_letters, (30, _PANEL[0] - 30), strict=True):
            draw.text((left + offset, top + _PANEL[1] / 2), letter, fill=INK, font=font, anchor="mm")
    bar = colors_of(np.linspace(low, high, _BAR[0]), high, signed=signed, least_mm=least_mm)
    _draw_legend(canvas, rows * _PANEL[1], legend, bar, (low, high), distances)
    write_png(canvas, path, case_id=case_id)


def color_range(values_mm: np.ndarray) -> tuple[float, float]:
    """Return the distances in mm at the two ends of the color scale.

    The upper end is the 98th percentile of the absolute values, rounded up to half a millimeter and at least 1 mm. The
    lower end is 0 if no distance is negative, and minus the upper end otherwise.

    Args:
        values_mm: Distances in mm, of any shape; NaN where nothing is measured.
    """
    measured = values_mm[np.isfinite(values_mm)]
    limit = max(float(np.ceil(2 * np.percentile(np.abs(measured), 98)) / 2), 1.0) if measured.size else 1.0
    signed = bool(measured.size) and measured.min() < -1e-6
    return (-limit if signed else 0.0), limit


def colors_of(values_mm: np.ndarray, limit_mm: float, *, signed: bool, least_mm: float | None = None) -> np.ndarray:
    """Return the colors of distances, RGB from 0 to 1, shape (N, 3).

    Args:
        values_mm: Distances in mm, shape (N,); NaN where nothing is measured.
        limit_mm: Distance beyond which the color no longer changes.
        signed: Whether negative distances have colors of their own.
        least_mm: Where more is better, the value at which colors are neutral: red below and blue above it.
    """
    stops, table = color_stops(limit_mm, signed=signed, least_mm=least_mm)
    colors = np.stack([np.interp(values_mm, stops, table[:, channel]) for channel in range(3)], axis=1)
    colors[np.isnan(values_mm)] = UNMEASURED
    return colors


def color_stops(limit_mm: float, *, signed: bool, least_mm: float | None = None) -> tuple[list[float], np.ndarray]:
    """Return the distances in mm between which :func:`colors_of` interpolates, and their colors, shape (stops, 3)."""
    if least_mm is not None:
        return [0.0, least_mm, max(limit_mm, least_mm + 1)], np.array([POSITIVE, NEUTRAL, NEGATIVE])
    if signed:
        return [-limit_mm, 0.0, limit_mm], np.array([NEGATIVE, NEUTRAL, POSITIVE])
    return [0.0, limit_mm], np.array([NEUTRAL, POSITIVE])


def views_from(outside: np.ndarray, *, oblique: bool = False) -> dict[str, np.ndarray]:
    """Return views by caption: from outside and inside the head, or four oblique ones that show an implant's rim.

    Args:
        outside: RAS direction from the middle of the head to the implant, shape (3,).
        oblique: Whether to look from outside, tilted to four sides.
    """
    outside = np.asarray(outside, dtype=float) / np.linalg.norm(outside)
    if not oblique:
        return {"from outside": outside, "from inside": -outside}
    views = {}
    for name, axis in {"left": (-1, 0, 0), "right": (1, 0, 0), "front": (0, 1, 0), "back": (0, -1, 0)}.items():
        sideways = np.array(axis) - (outside @ axis) * outside
        if np.linalg.norm(sideways) < 0.5:  # The implant itself is on this side or on the opposite one.
            name, sideways = ("above", np.array([0, 0, 1])) if sum(axis) > 0 else ("below", np.array([0, 0, -1]))
            sideways = sideways - (outside @ sideways) * outside
        views[f"outside and {name}"] = outside + 1.5 * sideways / np.linalg.norm(sideways)
    return views


def _draw_legend(
    canvas: Image.Image,
    above: int,
    legend: str,
    bar: np.ndarray,
    ends: tuple[float, float],
    distances: DistanceMap,
) -> None:
    """Draw the color bar with its numbers into the strip below the views, which starts at a row of the canvas.

    Where values lie beyond an end of the scale, its number has a sign that says so.
    """
    from PIL import Image, ImageDraw, ImageFont

    draw, font, small = ImageDraw.Draw(canvas), ImageFont.load_default(24), ImageFont.load_default(18)
    left, top = (canvas.width - _BAR[0]) // 2, above + 45
    draw.text((canvas.width / 2, top - 25), legend, fill=INK, font=font, anchor="mm")
    canvas.paste(Image.fromarray((255 * np.tile(bar, (_BAR[1], 1, 1))).astype(np.uint8)), (left, top))
    (low, high), (least, most) = ends, _measured_range(distances)
    signs = {0.0: "< " if least < low - 0.005 else "", 1.0: "> " if most > high + 0.005 else ""}
    for fraction in np.linspace(0, 1, 5).tolist():
        across = left + fraction * (_BAR[0] - 1)
        draw.line((across, top + _BAR[1], across, top + _BAR[1] + 5), fill=INK)
        label = f"{signs.get(fraction, '')}{low + fraction * (high - low):.2f}"
        draw.text((across, top + _BAR[1] + 9), label, fill=INK, font=small, anchor="mt")
    measured = f"{least:.2f} to {most:.2f} mm" if np.isfinite(least) else "not measured"
    draw.text((left + _BAR[0] + 60, top + _BAR[1] / 2), measured, fill=INK, font=small, anchor="lm")


def _measured_range(distances: DistanceMap) -> tuple[float, float]:
    """Return the smallest and the largest value, NaN if nothing is measured."""
    measured = distances.values_mm[np.isfinite(distances.values_mm)]
    return (float(measured.min()), float(measured.max())) if measured.size else (np.nan, np.nan)
