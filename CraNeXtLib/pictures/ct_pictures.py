"""Slices of a CT with its bone outlined, so that a reader can judge the bone threshold."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.pictures.png_files import write_png

WINDOW_HU = (-200, 1300)
OUTLINE = "#f0a020"
PIXEL_MM = 0.8
_AIR_HU = -1024.0


class _Row(NamedTuple):
    """Slices in one anatomical plane.

    Attributes:
        name: Name of the plane.
        across: RAS axis across it.
        left: RAS axis that runs to the left in the picture, as radiologists look.
        up: RAS axis that runs upward in the picture.
        positions: Where the slices lie, as fractions of the extent of the bone.
    """

    name: str
    across: int
    left: int
    up: int
    positions: tuple[float, ...]


_ROWS = (
    _Row("Axial", 2, 0, 1, (0.3, 0.5, 0.7, 0.85)),
    _Row("Coronal", 1, 0, 2, (0.3, 0.5, 0.7, 0.88)),
    _Row("Sagittal", 0, 1, 2, (0.15, 0.35, 0.65, 0.85)),
)


def write_bone_picture(ct: Volume, bone: Volume, path: str | Path, *, case_id: str = "") -> None:
    """Draw twelve slices of a CT with its bone outlined, as PNG.

    Args:
        ct: Hounsfield units.
        bone: Mask of its bone, on any grid.
        path: The file to write.
        case_id: Name of the case, if there is one.

    Raises:
        InputError: If the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    low, high = ct.corners.min(axis=0), ct.corners.max(axis=0)
    steps = tuple(max(1, n // 64) for n in bone.shape)
    points = bone.to_ras(np.argwhere(bone.voxels[tuple(slice(None, None, s) for s in steps)]) * steps)
    first, last = points.min(axis=0), points.max(axis=0)
    figure = Figure(figsize=(13, 10), layout="constrained", facecolor="black")
    axes = figure.subplots(len(_ROWS), 4)
    for panels, row in zip(axes, _ROWS, strict=True):
        sides = [np.arange(low[axis], high[axis], PIXEL_MM) for axis in (row.left, row.up)]
        for panel, fraction in zip(panels, row.positions, strict=True):
            position_mm = first[row.across] + fraction * (last[row.across] - first[row.across])
            grid = np.empty((len(sides[1]), len(sides[0]), 3))
            grid[..., row.left], grid[..., row.up] = np.meshgrid(*sides)
            grid[..., row.across] = position_mm
            in_ct, in_bone = (volume.to_indices(grid.reshape(-1, 3)).T for volume in (ct, bone))
            values = ndimage.map_coordinates(ct.voxels, in_ct, order=1, cval=_AIR_HU, output=np.float32)
            inside = ndimage.map_coordinates(bone.voxels.view(np.uint8), in_bone, order=1, output=np.float32)
            shape = grid.shape[:2]
            panel.imshow(values.reshape(shape), cmap="gray", vmin=WINDOW_HU[0], vmax=WINDOW_HU[1], origin="lower")
            if inside.max() > 0.5:
                panel.contour(inside.reshape(shape), [0.5], colors=OUTLINE, linewidths=0.7)
            panel.invert_xaxis()
            panel.set_title(f"{row.name}, {'RAS'[row.across]} = {position_mm:.0f} mm", color="white", fontsize=9)
            panel.axis("off")
            for end, axis, across, up in ((1, row.left, 0.02, 0.5), (-1, row.left, 0.98, 0.5), (1, row.up, 0.5, 0.97)):
                letter = ("LPI", "RAS")[end > 0][axis]
                panel.text(across, up, letter, color="white", ha="center", va="center", transform=panel.transAxes)
    figure.suptitle("CT with the segmented bone outlined", color="white")
    canvas = FigureCanvasAgg(figure)
    figure.set_dpi(110)
    canvas.draw()
    write_png(Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB"), path, case_id=case_id)
