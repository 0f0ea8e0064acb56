"""Size, location and time of synthetic defects: python Testing/benchmarks/defects.py SKULL... --count 200.

Each skull is first resampled to half the network's grid (88 × 112 × 72 voxels of about 2 mm), as in training. A
defect's area is the area seen from the center of the vault. Times are processor times, so other processes do not
matter. Depth is measured from the skull's convex hull, which is independent of the generator's own definition of the
skull base: bone more than about 20 mm deep is skull base.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
from scipy.spatial import ConvexHull, cKDTree

sys.path.insert(0, str(Path(__file__).parents[2]))

from CraNeXtLib.anatomy.head.landmarks import SkullFrame
from CraNeXtLib.anatomy.head.pose import upright_frame
from CraNeXtLib.anatomy.head.ras_box_grid import around_skull
from CraNeXtLib.datasets.synthetic_defects.cutting import make_defect
from CraNeXtLib.datasets.synthetic_defects.kinds import KINDS
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume
from CraNeXtLib.pictures.camera import Camera
from CraNeXtLib.pictures.mesh_renderer import render_mesh

SHAPE = (88, 112, 72)
PICTURE_SHAPE = (176, 224, 144)
DIRECTIONS = 20_000
PERCENTILES = (0, 5, 25, 50, 75, 95, 100)


def load(path: str, shape: tuple[int, int, int] = SHAPE) -> tuple[Volume, SkullFrame, ConvexHull]:
    """Return a skull on the grid, its landmarks and its convex hull."""
    grid = around_skull(read_volume(path), shape)
    skull = Volume(grid.sample(grid.skull) >= 0.5, grid.affine)
    frame = upright_frame(skull)
    return skull, frame, ConvexHull(frame.points[frame.points[:, 2] > frame.level(0.75)])


def sphere(count: int) -> np.ndarray:
    """Return evenly distributed directions (Fibonacci lattice), shape (count, 3)."""
    up = 1 - (2 * np.arange(count) + 1) / count
    turn = np.pi * (1 + 5**0.5) * np.arange(count)
    return np.column_stack([np.cos(turn) * np.sqrt(1 - up**2), np.sin(turn) * np.sqrt(1 - up**2), up])


def measure(kind: str, skulls: list[tuple[Volume, SkullFrame, ConvexHull]], count: int) -> dict[str, object]:
    """Cut defects of one kind and describe them."""
    tree = cKDTree(sphere(DIRECTIONS))
    make_defect(skulls[0][0], kind, seed=0, frame=skulls[0][1])  # imports
    milliseconds, volumes, areas, lowest, deepest = [], [], [], [], []
    for seed in range(count):
        skull, frame, hull = skulls[seed % len(skulls)]
        start = time.process_time()
        implant = make_defect(skull, kind, seed=seed, frame=frame)
        milliseconds.append(1000 * (time.process_time() - start))
        points = skull.to_ras(np.argwhere(implant.voxels)) @ frame.rotation.T
        volumes.append(len(points) * skull.voxel_volume_mm3 / 1000)
        lowest.append((frame.vertex - points[:, 2].min()) / frame.length)
        deepest.append(-(points @ hull.equations[:, :3].T + hull.equations[:, 3]).max(axis=1).min())
        seen = points - frame.center
        distances = np.linalg.norm(seen, axis=1)
        share = len(np.unique(tree.query(seen / distances[:, None])[1])) / DIRECTIONS
        areas.append(4 * np.pi * share * np.median(distances) ** 2 / 100)
    return {
        "empty": int(np.count_nonzero(np.array(volumes) == 0)),
        "volume_ml": {"mean": round(float(np.mean(volumes)), 1), "sd": round(float(np.std(volumes)), 1)}
        | _percentiles(volumes),
        "area_cm2": _percentiles(areas),
        "lowest_over_skull_length": _percentiles(lowest),
        "deepest_below_hull_mm": _percentiles(deepest),
        "processor_milliseconds": {
            "median": round(float(np.median(milliseconds)), 1),
            "max": round(max(milliseconds), 1),
        },
    }


def _percentiles(values: list[float]) -> dict[str, float]:
    return {f"p{p}": round(float(v), 2) for p, v in zip(PERCENTILES, np.percentile(values, PERCENTILES), strict=True)}


def draw(path: Path, skull: Volume, kinds: list[str]) -> None:
    """Write a picture of two defects of each kind: one from outside, one in cross section, missing bone in green."""
    from matplotlib.figure import Figure

    rows = -(-len(kinds) // 3)
    figure = Figure(figsize=(12, 2.6 * rows), layout="constrained")
    axes = figure.subplots(rows, 6, squeeze=False).reshape(-1, 2)
    for panel in axes.flat:
        panel.axis("off")
    frame = upright_frame(skull)
    for (outside, cut), kind in zip(axes, kinds, strict=False):
        outside.imshow(_view(skull, make_defect(skull, kind, seed=1, frame=frame), frame))
        outside.set_title(kind, loc="left", fontsize=11)
        image, aspect = _slice(skull, make_defect(skull, kind, seed=2, frame=frame), frame)
        cut.imshow(image, origin="lower", aspect=aspect)
    figure.savefig(path, dpi=80)


def _slice(skull: Volume, implant: Volume, frame: SkullFrame) -> tuple[np.ndarray, float]:
    """Return a vertical slice through the center of a defect on a skull in RAS directions, close up, and its aspect."""
    middle = np.argwhere(implant.voxels).mean(axis=0)
    axis = int(np.argmin(np.abs((skull.to_ras(middle[None])[0] - frame.center @ frame.rotation)[:2])))
    bone, lost = (np.take(mask.voxels, int(middle[axis]), axis).T for mask in (skull, implant))
    near = np.argwhere(lost)
    box = tuple(
        slice(max(0, low - 15), high + 15) for low, high in zip(near.min(axis=0), near.max(axis=0), strict=True)
    )
    bone, lost = bone[box], lost[box]
    image = np.where(lost[..., None], [0.25, 0.65, 0.3], np.where(bone[..., None], [0.35, 0.37, 0.4], [1.0, 1, 1]))
    return image, skull.spacing[2] / skull.spacing[1 - axis]


def _view(skull: Volume, implant: Volume, frame: SkullFrame) -> np.ndarray:
    """Return the defective skull as seen from the defect's side, an 8-bit image."""
    mesh = surface_of(skull.with_voxels(skull.voxels & ~implant.voxels))
    side = implant.to_ras(np.argwhere(implant.voxels)).mean(axis=0) - frame.center @ frame.rotation
    colours = np.tile([0.93, 0.90, 0.82], (len(mesh.vertices), 1))
    return render_mesh(mesh, colours, Camera.looking_from(side), (260, 260), 0.85)


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("skulls", nargs="+", help="files of complete skulls")
    parser.add_argument("--count", type=int, default=200, help="defects of each kind (default 200)")
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--picture", type=Path, help="also write a picture of each kind, on the first skull")
    arguments = parser.parse_args()
    skulls = [load(path) for path in arguments.skulls]
    if arguments.picture:
        draw(arguments.picture, load(arguments.skulls[0], PICTURE_SHAPE)[0], arguments.kinds)
    report = {kind: measure(kind, skulls, arguments.count) for kind in arguments.kinds}
    print(json.dumps({"skulls": len(skulls), "count": arguments.count, "kinds": report}, indent=2))


if __name__ == "__main__":
    main()
