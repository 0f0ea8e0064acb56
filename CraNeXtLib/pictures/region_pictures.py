"""Pictures of a label map or a frequency map of the skull from six sides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from CraNeXtLib.anatomy.head.regions import ALL_REGIONS
from CraNeXtLib.core.files.atomic import replacing
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.pictures.palette import BONE
from CraNeXtLib.pictures.png_files import footed

PIXELS_PER_MM = 2
SAMPLING_MM = 1.0

_GAP_MM = 12  # between neighboring views
_TITLE_PIXELS = 28
_LEGEND_PIXELS = 44


class _View(NamedTuple):
    """One side of the head.

    Attributes:
        caption: What it is called.
        axis: RAS axis along which it is seen.
        from_positive_end: Whether the viewer is on the right, in front or above, and not on the other side.
        mirrored: Whether the first of the two other axes runs from right to left in the picture.
    """

    caption: str
    axis: int
    from_positive_end: bool
    mirrored: bool


_VIEWS = (
    _View("From the front", 1, True, True),
    _View("From the left", 0, False, True),
    _View("From above", 2, True, False),
    _View("From behind", 1, False, False),
    _View("From the right", 0, True, False),
    _View("From below", 2, False, True),
)

_Legend = Sequence[tuple[str, tuple[float, ...]]]


def write_region_picture(labels: Volume, path: str | Path) -> None:
    """Draw the regions of a skull in their colors, with a legend, as PNG.

    Args:
        labels: Labels 0 to 9; 0 is background.
        path: The file to write.

    Raises:
        InputError: If there is no labeled voxel or the file cannot be written.
    """
    colors = np.array([(255, 255, 255), *(region.color for region in ALL_REGIONS)], dtype=float)
    upright = _resampled(labels, labels)
    counts = np.bincount(upright.ravel(), minlength=len(colors))
    legend = [(region.name, region.color) for region in ALL_REGIONS if counts[region.label]]
    _draw(upright > 0, colors[upright], legend, path)


def write_frequency_picture(template: Volume, percent: Volume, path: str | Path) -> None:
    """Draw how often each voxel of the template is missing in a cohort, from the color of bone to dark red, as PNG.

    Args:
        template: Labels 1 to 8; 0 is background.
        percent: 0 to 100, of the template's geometry.
        path: The file to write.

    Raises:
        InputError: If the template is empty or the file cannot be written.
    """
    stops = np.array([255 * BONE, (252, 187, 100), (214, 69, 48), (103, 0, 31)])
    fractions = np.linspace(0, 1, len(stops))
    highest = max(float(percent.voxels.max()), 1e-6)

    def color(fraction: np.ndarray | float) -> np.ndarray:
        return np.stack([np.interp(fraction, fractions, stops[:, channel]) for channel in range(3)], axis=-1)

    legend = [(f"{fraction * highest:.0f} %", tuple(color(fraction))) for fraction in fractions]
    _draw(_resampled(template, template) > 0, color(_resampled(percent, template) / highest), legend, path)


def _resampled(volume: Volume, bone: Volume) -> np.ndarray:
    """Return the nearest values of a volume around the bone, on voxels of 1 mm whose axes are R, A and S."""
    box = volume.crop(foreground_box(bone.voxels > 0, margin=1))
    shape = tuple(np.ceil(np.ptp(box.corners, axis=0) / SAMPLING_MM).astype(int) + 1)
    affine = np.diag([SAMPLING_MM] * 3 + [1.0])
    affine[:3, 3] = box.corners.min(axis=0)
    to_box = np.linalg.inv(box.affine) @ affine
    return ndimage.affine_transform(box.voxels, to_box[:3, :3], to_box[:3, 3], shape, order=0)


def _draw(bone: np.ndarray, colors: np.ndarray, legend: _Legend, path: str | Path) -> None:
    """Draw six views and a legend.

    Args:
        bone: Which voxels are bone, bool of shape (R, A, S).
        colors: RGB of every voxel, 0 to 255, shape (R, A, S, 3).
        legend: Names with their RGB, 0 to 255.
        path: The file to write.
    """
    from PIL import Image, ImageDraw, ImageFont

    panels = [_seen(bone, colors, view) for view in _VIEWS]
    width, height = (PIXELS_PER_MM * (max(panel.shape[side] for panel in panels) + _GAP_MM) for side in (1, 0))
    canvas = Image.new("RGB", (3 * width, 2 * (height + _TITLE_PIXELS) + _LEGEND_PIXELS), "white")
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(18)
    for index, (panel, view) in enumerate(zip(panels, _VIEWS, strict=True)):
        size = (PIXELS_PER_MM * panel.shape[1], PIXELS_PER_MM * panel.shape[0])
        image = Image.fromarray(panel).resize(size, Image.Resampling.BICUBIC)
        left, top = index % 3 * width, index // 3 * (height + _TITLE_PIXELS)
        draw.text((left + width // 2, top + 4), view.caption, "black", font, anchor="ma")
        canvas.paste(image, (left + (width - image.width) // 2, top + _TITLE_PIXELS + (height - image.height) // 2))
    small = ImageFont.load_default(14)
    left = 10
    for name, color in legend:
        top = canvas.height - 32
        draw.rectangle((left, top, left + 16, top + 16), fill=tuple(int(value) for value in color))
        draw.text((left + 22, top + 8), name, "black", small, anchor="lm")
        left += 22 + int(draw.textlength(name, small)) + 16
    with replacing(path) as temporary:
        footed(canvas).quantize(255).save(temporary, format="PNG", optimize=True)


def _seen(bone: np.ndarray, colors: np.ndarray, view: _View) -> np.ndarray:
    """Return the outermost bone as seen from one side, uint8 of shape (rows, columns, 3)."""
    along, painted = np.moveaxis(bone, view.axis, 0), np.moveaxis(colors, view.axis, 0)
    if view.from_positive_end:
        along, painted = along[::-1], painted[::-1]
    first, visible = along.argmax(axis=0), along.any(axis=0)
    depth = ndimage.gaussian_filter(np.where(visible, first, first[visible].max()).astype(float), 0.8)
    slope = np.hypot(*np.gradient(depth))
    shade = 0.3 + 0.7 / np.sqrt(1 + slope**2)
    picture = np.take_along_axis(painted, first[None, ..., None], axis=0)[0] * shade[..., None]
    picture[~visible] = 255
    picture = picture.transpose(1, 0, 2)[::-1]
    return np.ascontiguousarray(picture[:, ::-1] if view.mirrored else picture).round().astype(np.uint8)
