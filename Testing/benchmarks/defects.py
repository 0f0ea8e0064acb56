"""Size, place and time of synthetic defects: python Testing/benchmarks/defects.py SKULL... --count 200.

Each skull is brought to the half network grid first (88 × 112 × 72, about 2 mm), as for training. The defect's area is
what an eye in the middle of the vault sees of it. Times are of the processor, so that other work does not count. How
deep it lies is measured from the skull's convex hull, which knows nothing of the generator's own idea of the base: bone
more than some 20 mm deep is skull base.
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

from CraNeXtLib.defects import KINDS, make_defect
from CraNeXtLib.grid import DefaultGrid
from CraNeXtLib.skull_frame import SkullFrame, skull_frame
from CraNeXtLib.volume_files import read_volume
from CraNeXtLib.volumes import Volume

SHAPE = (88, 112, 72)
DIRECTIONS = 20_000
PERCENTILES = (0, 5, 25, 50, 75, 95, 100)


def load(path: str) -> tuple[Volume, SkullFrame, ConvexHull]:
    """Return a skull on the grid, its landmarks and its convex hull."""
    grid = DefaultGrid(read_volume(path), SHAPE)
    skull = Volume(grid.sample(grid.skull) >= 0.5, grid.affine)
    frame = skull_frame(skull)
    return skull, frame, ConvexHull(frame.points[frame.points[:, 2] > frame.level(0.75)])


def sphere(count: int) -> np.ndarray:
    """Return directions spread evenly (Fibonacci lattice), shape (count, 3)."""
    up = 1 - (2 * np.arange(count) + 1) / count
    turn = np.pi * (1 + 5**0.5) * np.arange(count)
    return np.column_stack([np.cos(turn) * np.sqrt(1 - up**2), np.sin(turn) * np.sqrt(1 - up**2), up])


def measure(kind: str, skulls: list[tuple[Volume, SkullFrame, ConvexHull]], count: int) -> dict[str, object]:
    """Cut defects of one kind and describe them."""
    tree = cKDTree(sphere(DIRECTIONS))
    make_defect(skulls[0][0], kind, seed=0)  # imports
    milliseconds, volumes, areas, lowest, deepest = [], [], [], [], []
    for seed in range(count):
        skull, frame, hull = skulls[seed % len(skulls)]
        start = time.process_time()
        implant = make_defect(skull, kind, seed=seed, frame=frame)
        milliseconds.append(1000 * (time.process_time() - start))
        points = skull.to_ras(np.argwhere(implant.voxels))
        volumes.append(len(points) * skull.voxel_volume_mm3 / 1000)
        lowest.append((frame.vertex - points[:, 2].min()) / frame.length)
        deepest.append(-(points @ hull.equations[:, :3].T + hull.equations[:, 3]).max(axis=1).min())
        seen = points - frame.centre
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


def draw(path: Path, skulls: list[tuple[Volume, SkullFrame, ConvexHull]], kinds: list[str]) -> None:
    """Write a picture: for each kind five defects, every other with its implant, and a slice."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(len(kinds), 6, figsize=(15, 2.8 * len(kinds)), squeeze=False)
    for row, kind in zip(axes, kinds, strict=True):
        for seed, panel in enumerate(row):
            skull, frame, _ = skulls[seed * 5 % len(skulls)]
            implant = make_defect(skull, kind, seed=seed, frame=frame).voxels
            middle = np.argwhere(implant).mean(axis=0)
            if seed == 5:
                axis, image = 0, _slice(skull.voxels, implant, int(middle[0]))
            else:
                axis, image = _view(skull.voxels, implant, middle, show_implant=bool(seed % 2))
            across, up = np.delete(skull.spacing, axis)
            panel.imshow(image.swapaxes(0, 1), origin="lower", aspect=up / across)
            panel.axis("off")
        row[0].set_title(kind)
    figure.tight_layout()
    figure.savefig(path, dpi=60)


def _slice(skull: np.ndarray, implant: np.ndarray, index: int) -> np.ndarray:
    bone, lost = (skull & ~implant)[index], implant[index]
    return np.stack([0.9 * bone, 0.9 * bone + lost, 0.8 * bone], axis=-1).astype(float)


def _view(skull: np.ndarray, implant: np.ndarray, middle: np.ndarray, *, show_implant: bool) -> tuple[int, np.ndarray]:
    """Return the array axis of the view from the defect's side of the head, and the shaded surface."""
    from scipy.ndimage import gaussian_filter

    offset = middle / skull.shape - 0.5
    axis = int(np.argmax(np.abs(offset)))
    if offset[axis] > 0:
        skull, implant = np.flip(skull, axis), np.flip(implant, axis)
    seen = np.moveaxis(skull if show_implant else skull & ~implant, axis, 0)
    first = seen.argmax(axis=0)
    hit = seen.any(axis=0)
    lost = np.take_along_axis(np.moveaxis(implant, axis, 0), first[None], axis=0)[0] & hit
    steepness = np.gradient(gaussian_filter(np.where(hit, first, len(seen)).astype(float), 0.7))
    light = hit / np.sqrt(1 + steepness[0] ** 2 + steepness[1] ** 2)
    return axis, light[..., None] * np.where(lost[..., None], [0.3, 0.9, 0.3], [0.95, 0.93, 0.85])


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("skulls", nargs="+", help="files of complete skulls")
    parser.add_argument("--count", type=int, default=200, help="defects of each kind (default 200)")
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--picture", type=Path, help="also write a picture of each kind")
    arguments = parser.parse_args()
    skulls = [load(path) for path in arguments.skulls]
    if arguments.picture:
        draw(arguments.picture, skulls, arguments.kinds)
    report = {kind: measure(kind, skulls, arguments.count) for kind in arguments.kinds}
    print(json.dumps({"skulls": len(skulls), "count": arguments.count, "kinds": report}, indent=2))


if __name__ == "__main__":
    main()
