"""A CT with the outline of its bone, so that a person can see what the threshold took."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.files.atomic import replacing
from CraNeXtLib.geometry.mesh_files import NOTICE
from CraNeXtLib.geometry.volume import Volume

WINDOW_HU = (-200, 1300)
OUTLINE = "#f0a020"
PIXEL_MM = 0.8
# RAS axis across the slices, RAS axes to the left (as radiologists look) and upwards, and where the slices lie in the
# extent of the bone.
ROWS = (
    ("Axial", 2, (0, 1), (0.3, 0.5, 0.7, 0.85)),
    ("Coronal", 1, (0, 2), (0.3, 0.5, 0.7, 0.88)),
    ("Sagittal", 0, (1, 2), (0.15, 0.35, 0.65, 0.85)),
)


def write_bone_picture(ct: Volume, bone: Volume, path: str | Path) -> None:
    """Write a PNG of twelve slices of a CT, its bone outlined.

    Args:
        ct: Hounsfield units.
        bone: Mask of its bone, of the same geometry.
        path: The file to write.
    """
    from matplotlib.figure import Figure

    low, high = ct.corners.min(axis=0), ct.corners.max(axis=0)
    steps = tuple(max(1, n // 64) for n in bone.shape)
    points = bone.to_ras(np.argwhere(bone.voxels[tuple(slice(None, None, s) for s in steps)]) * steps)
    first, last = points.min(axis=0), points.max(axis=0)
    figure = Figure(figsize=(13, 10), layout="constrained", facecolor="black")
    axes = figure.subplots(len(ROWS), 4)
    for row, (name, across, (right, up), places) in zip(axes, ROWS, strict=True):
        sides = [np.arange(low[axis], high[axis], PIXEL_MM) for axis in (right, up)]
        for panel, share in zip(row, places, strict=True):
            place = first[across] + share * (last[across] - first[across])
            grid = np.empty((len(sides[1]), len(sides[0]), 3))
            grid[..., right], grid[..., up], grid[..., across] = *np.meshgrid(*sides), place
            indices = ct.to_indices(grid.reshape(-1, 3)).T
            values = ndimage.map_coordinates(ct.voxels, indices, order=1, cval=-1024, output=np.float32)
            inside = ndimage.map_coordinates(bone.voxels.view(np.uint8), indices, order=1, output=np.float32)
            shape = grid.shape[:2]
            panel.imshow(values.reshape(shape), cmap="gray", vmin=WINDOW_HU[0], vmax=WINDOW_HU[1], origin="lower")
            if inside.max() > 0.5:
                panel.contour(inside.reshape(shape), [0.5], colors=OUTLINE, linewidths=0.7)
            panel.invert_xaxis()
            panel.set_title(f"{name}, {'RAS'[across]} = {place:.0f} mm", color="white", fontsize=9)
            panel.axis("off")
    figure.suptitle("CT, and the outline of what counts as bone", color="white")
    figure.supxlabel(NOTICE, color="gray", fontsize=9)
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=110)


def main() -> None:
    """Draw the picture of the documentation, from a CT made of the bundled skull."""
    from CraNeXtLib.anatomy.ct.bone_segmentation import segment_bone
    from CraNeXtLib.anatomy.ct.synthetic_ct import synthetic_ct
    from CraNeXtLib.core.resources import DEFECTIVE_SKULL
    from CraNeXtLib.geometry.volume_files import read_volume

    parser = argparse.ArgumentParser(description="Draw the bone of a CT made of the bundled skull.")
    parser.add_argument("out", type=Path, help="PNG to write")
    ct = synthetic_ct(read_volume(DEFECTIVE_SKULL), noise_hu=15, headrest=True)
    write_bone_picture(ct, segment_bone(ct).mask, parser.parse_args().out)


if __name__ == "__main__":
    main()
