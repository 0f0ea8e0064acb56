"""Time and memory of the metrics and of their plain definitions: python Testing/benchmarks/metrics.py --size 512.

The case is an ellipsoid skull with a round defect that fills the volume; the prediction is the implant moved by some
voxels. The plain definitions use whole-volume distance transforms and Python loops over rays, and need minutes and many
GB above 256³.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import ndimage

sys.path.insert(0, str(Path(__file__).parents[2]))

from CraNeXtLib.evaluation import metrics, surface_hausdorff
from CraNeXtLib.geometry.volume import Volume

SPACING = 0.4


def case(size: int) -> tuple[Volume, Volume, Volume]:
    """Return prediction, reference and defective skull of size³ voxels, built slab by slab."""
    predicted, implant, skull = (np.zeros((size,) * 3, dtype=bool) for _ in range(3))
    axis = (np.arange(size) - size / 2 + 0.5) / size * 2
    y, z = axis[None, :, None], axis[None, None, :]
    for start in range(0, size, 16):
        x = axis[start : start + 16, None, None]
        radius = (x / 0.85) ** 2 + (y / 0.95) ** 2 + (z / 0.8) ** 2
        bone = (radius < 1) & (radius > 0.86)
        defect = (x - 0.6) ** 2 + y**2 + (z - 0.35) ** 2 < 0.5**2
        implant[start : start + 16] = bone & defect
        skull[start : start + 16] = bone & ~defect
    step = max(size // 128, 1)
    predicted[step:, : -step or None] = implant[:-step, step:]
    predicted &= ~skull
    affine = np.diag([SPACING, SPACING, SPACING, 1])
    return tuple(Volume(voxels, affine) for voxels in (predicted, implant, skull))


def fast(prediction: Volume, reference: Volume, skull: Volume) -> dict[str, Callable[[], object]]:
    """Return the library's function for each metric."""

    def distances():
        found = metrics.surface_distances(prediction, reference)
        return found.hausdorff, found.percentile(95)

    return {
        "dsc": lambda: metrics.dice(prediction, reference),
        "rates": lambda: metrics.confusion(prediction, reference).fnr,
        "bdsc": lambda: metrics.border_dice(prediction, reference, skull),
        "dh_dh95": distances,
        "sdh": lambda: surface_hausdorff.projected_distances(prediction, reference, skull).hausdorff,
    }


def plain(prediction: Volume, reference: Volume, skull: Volume) -> dict[str, Callable[[], object]]:
    """Return the plain definitions on whole volumes."""
    p, g, d = prediction.voxels, reference.voxels, skull.voxels

    def dice(a, b):
        return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))

    def border_dice():
        near = ndimage.distance_transform_edt(~d, sampling=(SPACING,) * 3) <= 10
        return dice(p & near, g & near)

    def pooled(a, b):
        to_a, to_b = (ndimage.distance_transform_edt(~x, sampling=(SPACING,) * 3) for x in (a, b))
        return np.concatenate([to_b[a], to_a[b]])

    def distances():
        found = pooled(*(x ^ ndimage.binary_erosion(x) for x in (p, g)))
        return found.max(), np.percentile(found, 95)

    def projected(implant):
        labels, surface = np.where(implant, 2, d).astype(np.uint8), np.zeros(d.shape, dtype=bool)
        for axis, high in ((0, False), (0, True), (1, False), (1, True), (2, True)):
            lines, marks = np.moveaxis(labels, axis, 2), np.moveaxis(surface, axis, 2)
            if high:
                lines, marks = lines[..., ::-1], marks[..., ::-1]
            for i in range(lines.shape[0]):
                for j in range(lines.shape[1]):
                    hits = np.flatnonzero(lines[i, j])
                    if hits.size and lines[i, j, hits[0]] == 2:
                        marks[i, j, hits[0]] = True
        return surface

    return {
        "dsc": lambda: dice(p, g),
        "rates": lambda: np.count_nonzero(g & ~p) / np.count_nonzero(g),
        "bdsc": border_dice,
        "dh_dh95": distances,
        "sdh": lambda: pooled(projected(p), projected(g)).max(),
    }


def measure(work: dict[str, Callable[[], object]]) -> dict[str, dict]:
    """Run each piece once and return its value, seconds and, for a shared machine, CPU seconds."""
    results = {}
    for name, run in work.items():
        start, cpu_start = time.perf_counter(), time.process_time()
        value = run()
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
        results[name] = {"value": value, "seconds": round(seconds, 3), "cpu_seconds": round(cpu_seconds, 3)}
    return results


def peak_gb() -> float:
    """Return the process's largest resident memory so far, in GB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e9 if sys.platform == "darwin" else 1e6)


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=512, help="voxels along each side (default 512)")
    parser.add_argument("--plain", action="store_true", help="also run the plain definitions and compare")
    arguments = parser.parse_args()
    volumes = case(arguments.size)
    report = {"size": arguments.size, "input_gb": round(peak_gb(), 2), "library": measure(fast(*volumes))}
    for unit in ("seconds", "cpu_seconds"):
        report[f"library_{unit}"] = round(sum(part[unit] for part in report["library"].values()), 2)
    report["library_peak_gb"] = round(peak_gb(), 2)
    if arguments.plain:
        report["plain"] = measure(plain(*volumes))
        report["plain_peak_gb"] = round(peak_gb(), 2)
        for name, part in report["plain"].items():
            ours = report["library"][name]
            part["times_as_long"] = round(part["cpu_seconds"] / max(ours["cpu_seconds"], 1e-3), 1)
            part["largest_difference"] = float(np.max(np.abs(np.subtract(part["value"], ours["value"]))))
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
