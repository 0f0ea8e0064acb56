"""Time and correctness of finishing and fit check: python Testing/benchmarks/finishing.py [SKULL IMPLANT].

The default input is a generated head of 512 × 512 × 512 voxels of 0.4 mm. Prints seconds (wall and processor) and peak
memory. Then, by code that shares nothing with the finishing, prints the minimum distance between the centers of implant
and bone voxels, and the number of implant voxels that meet a bone voxel while the implant is removed.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from scipy import ndimage

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from implant import generated_head

from CraNeXtLib import check_fit, finish
from CraNeXtLib.core.runtime.memory import peak_memory_mb
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume
from CraNeXtLib.implant.finishing import FinishSettings

EVERY_STEP = FinishSettings(
    under_contour_mm=1, minimum_thickness_mm=3, maximum_thickness_mm=6, perforation_diameter_mm=3, engraving="042"
)


def least_distance_mm(implant: Volume, skull: Volume) -> float:
    """Return the minimum distance between the centers of two voxels of the masks."""
    box = foreground_box(implant.voxels, margin=12)
    away = ndimage.distance_transform_edt(~skull.voxels[box], sampling=skull.spacing)
    return float(away[implant.voxels[box]].min())


def colliding(implant: Volume, skull: Volume, direction: tuple[float, float, float]) -> int:
    """Return how many voxels meet bone while the implant moves 100 mm along a direction in steps of 0.25 mm."""
    places = np.argwhere(implant.voxels)
    step = np.linalg.solve(skull.affine[:3, :3], direction)
    hit = np.zeros(len(places), bool)
    for travel in np.arange(0, 100, 0.25):
        moved = np.rint(places + travel * step).astype(int)
        inside = ((moved >= 0) & (moved < skull.shape)).all(axis=1)
        hit[inside] |= skull.voxels[tuple(moved[inside].T)]
    return int(hit.sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", metavar="FILE", help="defective or complete skull, and implant")
    options = parser.parse_args()
    if options.files:
        skull, implant = (read_volume(path) for path in options.files)
        implant = implant.with_voxels(implant.voxels != 0)
        skull = skull.with_voxels((skull.voxels != 0) & ~implant.voxels)
    else:
        case = generated_head()
        skull, implant = case.defective, case.implant
    print(f"{skull.shape} voxels, {skull.spacing.round(3)} mm, {implant.voxels.sum()} of them implant")
    for name, settings in (("default", FinishSettings()), ("every step", EVERY_STEP)):
        wall, processor = time.perf_counter(), time.process_time()
        finished = finish(implant, skull, settings)
        seconds = time.perf_counter() - wall, time.process_time() - processor
        print(f"finish, {name:11} {seconds[0]:6.2f} s  {seconds[1]:6.2f} s processor")
        for piece in finished.pieces:
            print(f"  {piece}")
        print(
            f"  min. distance {least_distance_mm(finished.implant, skull):.2f} mm, collisions on removal",
            end=" ",
        )
        print([colliding(finished.implant, skull, piece.outward_ras) for piece in finished.pieces])
    wall, processor = time.perf_counter(), time.process_time()
    fit = check_fit(finished.implant, skull, mesh=finished.mesh)
    seconds = time.perf_counter() - wall, time.process_time() - processor
    print(f"fit check            {seconds[0]:6.2f} s  {seconds[1]:6.2f} s processor, failed: {fit.failed or 'nothing'}")
    print(f"peak memory {peak_memory_mb():.0f} MB")


if __name__ == "__main__":
    main()
