"""Compare the expected error with the error found: python Testing/benchmarks/expected_error.py MANIFEST [--model NAME].

Takes the validation skulls of a data set with their own defects at full resolution and with generated ones of every
kind on blocks of at most 1 mm. Prints a line a case; then, of points on the outer side of the implants, mean expected
and found distance from the complete skull's surface by quarters of the expected; the rank correlation of each figure of
a case with its scores; and how many bad implants each warning finds, and how many good ones it names.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

sys.path.insert(0, str(Path(__file__).parents[2]))

from CraNeXtLib import models
from CraNeXtLib.datasets.manifest import SkullPair, load_case, read_manifest
from CraNeXtLib.distance_maps import distance_map
from CraNeXtLib.expected_error import KNOWN_PERCENT, P95_MM, error_map
from CraNeXtLib.fit_check.walls import sides
from CraNeXtLib.implant import implant_of
from CraNeXtLib.metrics import dice, surface_distances
from CraNeXtLib.models import Completer
from CraNeXtLib.head.skull_frame import skull_frame
from CraNeXtLib.surfaces import Mesh, surface_of
from CraNeXtLib.model_scores import ALL_KINDS, OWN, pairs_of, reduced
from CraNeXtLib.volumes import foreground_box

POINTS = 2000  # of an implant
AROUND_MM = 6.0
BAD_DSC, BAD_DH95_MM = 0.7, 4.0


@dataclass(frozen=True, eq=False)
class Case:
    """One implant: what was expected of it and what was found.

    Args:
        name: Skull and kind of defect.
        figures: Mean and 95th percentile expected, share that is known, DSC, dH95 and mean surface distance.
        expected: At points on the outer side, in mm.
        found: At the same points.
    """

    name: str
    figures: dict[str, float]
    expected: np.ndarray
    found: np.ndarray

    @property
    def bad(self) -> bool:
        return self.figures["dsc"] < BAD_DSC or self.figures["dh95_mm"] > BAD_DH95_MM


def pairs(manifest: str, kinds: list[str]) -> Iterator[tuple[str, SkullPair]]:
    for case in read_manifest(manifest):
        if case.split != "validation":
            continue
        pair = load_case(case)
        if OWN in kinds:
            yield f"{case.subject}/{OWN}", pair
        generated = [kind for kind in kinds if kind != OWN]
        for kind, other in pairs_of(reduced(pair, 1.0), generated, zlib.crc32(case.subject.encode())):
            yield f"{case.subject}/{kind}", other


def measured(name: str, pair: SkullPair, completer: Completer) -> Case | None:
    """Return what is expected and found of a model's implant; None if it makes none or cannot tell."""
    proposal = completer.propose(pair.defective, device="cpu", progress=lambda _: None)
    part = pair.defective.crop(proposal.box)
    found = implant_of(part, part.with_voxels(proposal.probability), threshold=proposal.threshold)
    if not found.voxels.any() or proposal.expected_error is None:
        return None
    voxels = np.zeros(pair.defective.shape, bool)
    voxels[proposal.box] = found.voxels
    implant = pair.defective.with_voxels(voxels)
    errors = part.with_voxels(np.where(found.voxels, proposal.expected_error, 0).astype(np.float32))
    known = errors.voxels[errors.voxels > 0]
    distances = surface_distances(implant, pair.implant)
    mesh = surface_of(implant)
    expected = error_map(errors, mesh).values_mm
    margin = np.ceil(AROUND_MM / pair.complete.spacing).astype(int)
    around = foreground_box(voxels | pair.implant.voxels, margin=tuple(margin))
    outer = np.flatnonzero((sides(mesh, skull_frame(pair.defective).centre) == 1) & np.isfinite(expected))
    outer = np.random.default_rng(0).choice(outer, min(POINTS, len(outer)), replace=False)
    points = Mesh(mesh.vertices[outer], np.empty((0, 3), int))
    away = np.abs(distance_map(points, surface_of(pair.complete.crop(around))).values_mm)
    figures = {
        "mean_mm": float(known.mean()) if known.size else 0.0,
        "p95_mm": float(np.percentile(known, 95)) if known.size else 0.0,
        "known_percent": 100 * known.size / int(found.voxels.sum()),
        "dsc": dice(implant, pair.implant),
        "dh95_mm": distances.percentile(95),
        "asd_mm": distances.mean,
    }
    return Case(name, figures, expected[outer], away)


def print_points(cases: list[Case]) -> None:
    expected, found = (np.concatenate([getattr(case, what) for case in cases]) for what in ("expected", "found"))
    quarter = np.digitize(expected, np.percentile(expected, (25, 50, 75)))
    for what, values in (("expected", expected), ("found", found)):
        print(f"{what:9}", *(f"{values[quarter == n].mean():.2f}" for n in range(4)), "mm by quarters")
    print(f"correlation {np.corrcoef(expected, found)[0, 1]:.2f}, {len(cases)} implants")


def print_warnings(cases: list[Case]) -> None:
    bad = np.array([case.bad for case in cases])
    figures = {name: np.array([case.figures[name] for case in cases]) for name in cases[0].figures}
    for name in ("mean_mm", "p95_mm", "known_percent"):
        ranks = (
            f"{score} {spearmanr(figures[name], figures[score])[0]:+.2f}" for score in ("dsc", "dh95_mm", "asd_mm")
        )
        print(f"{name:14}", *ranks)
    warnings = {
        f"95 % above {P95_MM:g} mm": figures["p95_mm"] > P95_MM,
        f"known below {KNOWN_PERCENT:g} %": figures["known_percent"] < KNOWN_PERCENT,
    }
    warnings["either"] = np.any(list(warnings.values()), axis=0)
    for name, warned in warnings.items():
        print(f"{name}: {(warned & bad).sum()} of {bad.sum()} bad, {(warned & ~bad).sum()} of {(~bad).sum()} others")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", help="data set with splits")
    parser.add_argument("--model", default=models.DEFAULT_MODEL, help="default: %(default)s")
    parser.add_argument("--kinds", nargs="+", choices=ALL_KINDS, default=ALL_KINDS, help="default: all")
    options = parser.parse_args()
    completer = models.find(options.model).load()
    cases = []
    for name, pair in pairs(options.manifest, options.kinds):
        case = measured(name, pair, completer)
        if case is None:
            print(name, "no implant or no expected error", flush=True)
            continue
        cases.append(case)
        print(name, *(f"{key} {value:.3f}" for key, value in case.figures.items()), flush=True)
    own = [case for case in cases if case.name.endswith(OWN)]
    for group in filter(None, (own, cases)):
        print_points(group)
    print_warnings(cases)


if __name__ == "__main__":
    main()
