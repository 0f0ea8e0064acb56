"""Pictures of a label map or a frequency map from six sides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import ndimage

from CraNeXtLib.anatomy.head.regions import ALL_REGIONS
from CraNeXtLib.core.files.atomic import replacing
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.volume import Volume

PIXELS_PER_MM = 2
SAMPLING_MM = 1.0
# Caption, the RAS axis to look along, whether from its positive end, and whether the first axis of the picture runs
# from right to left.
VIEWS = (
    ("From the front", 1, True, True),
    ("From the left", 0, False, True),
    ("From above", 2, True, False),
    ("From behind", 1, False, False),
    ("From the right", 0, True, False),
    ("From below", 2, False, True),
)
BONE = np.array([226.0, 214, 190])


def write_region_picture(labels: Volume, path: str | Path) -> None:
    """Draw regions in their colours, with a legend, as PNG.

    Args:
        labels: 0-9.
        path: File to write.
    """
    colors = np.array([(255, 255, 255), *(region.color for region in ALL_REGIONS)], dtype=float)
    upright = _upright(labels, labels)
    counts = np.bincount(upright.ravel(), minlength=len(colors))
    legend = [(region.name, region.color) for region in ALL_REGIONS if counts[region.label]]
    _draw(upright > 0, colors[upright], legend, path)


def write_frequency_picture(template: Volume, percent: Volume, path: str | Path) -> None:
    """Draw how often each place of the template is missing as PNG, from the colour of bone to dark red.

    Args:
        template: Labels 1-8.
        percent: 0 to 100, of the template's geometry.
        path: File to write.
    """
    stops = np.array([BONE, (252, 187, 100), (214, 69, 48), (103, 0, 31)])
    highest = max(float(percent.voxels.max()), 1e-6)

    def color(share: np.ndarray | float) -> np.ndarray:
        places = np.linspace(0, 1, len(stops))
        return np.stack([np.interp(share, places, stops[:, c]) for c in range(3)], axis=-1)

    shares = np.linspace(0, 1, len(stops))
    legend = [(f"{share * highest:.0f} %", tuple(color(share))) for share in shares]
    _draw(_upright(template, template) > 0, color(_upright(percent, template) / highest), legend, path)


def _upright(volume: Volume, bone: Volume) -> np.ndarray:
    """Return the volume's values around the bone, at 1 mm with array axes R, A, S."""
    box = volume.crop(foreground_box(bone.voxels > 0, margin=1))
    shape = tuple(np.ceil(np.ptp(box.corners, axis=0) / SAMPLING_MM).astype(int) + 1)
    affine = np.diag([SAMPLING_MM] * 3 + [1.0])
    affine[:3, 3] = box.corners.min(axis=0)
    to_box = np.linalg.inv(box.affine) @ affine
    return ndimage.affine_transform(box.voxels, to_box[:3, :3], to_box[:3, 3], shape, order=0)


def _draw(bone: np.ndarray, colors: np.ndarray, legend: list[tuple[str, tuple[float, ...]]], path: str | Path) -> None:
    from PIL import Image, ImageDraw, ImageFont

    panels = [_look(bone, colors, axis, positive, turned) for _, axis, positive, turned in VIEWS]
    width, height = (PIXELS_PER_MM * (max(panel.shape[side] for panel in panels) + 12) for side in (1, 0))
    title = 28
    canvas = Image.new("RGB", (3 * width, 2 * (height + title) + 44), "white")
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(18)
    for index, (panel, view) in enumerate(zip(panels, VIEWS, strict=True)):
        image = Image.fromarray(panel).resize([PIXELS_PER_MM * n for n in panel.shape[1::-1]], Image.Resampling.BICUBIC)
        left, top = index % 3 * width, index // 3 * (height + title)
        draw.text((left + width // 2, top + 4), view[0], "black", font, anchor="ma")
        canvas.paste(image, (left + (width - image.width) // 2, top + title + (height - image.height) // 2))
    small = ImageFont.load_default(14)
    left = 10
    for name, color in legend:
        top = canvas.height - 32
        draw.rectangle((left, top, left + 16, top + 16), fill=tuple(int(value) for value in color))
        draw.text((left + 22, top + 8), name, "black", small, anchor="lm")
        left += 22 + int(draw.textlength(name, small)) + 16
    with replacing(path) as temporary:
        canvas.quantize(255).save(temporary, format="PNG", optimize=True)


def _look(bone: np.ndarray, colors: np.ndarray, axis: int, positive: bool, turned: bool) -> np.ndarray:
    """Return the picture of the first bone seen along an axis, uint8 of shape (rows, columns, 3)."""
    along, painted = np.moveaxis(bone, axis, 0), np.moveaxis(colors, axis, 0)
    if positive:
        along, painted = along[::-1], painted[::-1]
    first, seen = along.argmax(axis=0), along.any(axis=0)
    depth = ndimage.gaussian_filter(np.where(seen, first, first[seen].max()).astype(float), 0.8)
    slope = np.hypot(*np.gradient(depth))
    shade = 0.3 + 0.7 / np.sqrt(1 + slope**2)
    picture = np.take_along_axis(painted, first[None, ..., None], axis=0)[0] * shade[..., None]
    picture[~seen] = 255
    picture = picture.transpose(1, 0, 2)[::-1]
    return np.ascontiguousarray(picture[:, ::-1] if turned else picture).round().astype(np.uint8)
