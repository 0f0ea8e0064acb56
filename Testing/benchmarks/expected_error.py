"""Expected and actual error: python Testing/benchmarks/expected_error.py MANIFEST [--model NAME].

Uses the validation skulls of a data set, with their own defects at full resolution and with synthetic ones of every
kind on block means of at most 1 mm. Prints one line per case, with the correlation of both errors over points on the
outer surface; then, over all points, the mean expected and actual distance from the complete skull's surface by
quartile of the expected distance; the rank correlation of each summary value of a case with its scores; and how many
bad implants each warning detects, and how many others it flags.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

sys.path.insert(0, str(Path(__file__).parents[2]))

from CraNeXtLib import reconstruct
from CraNeXtLib.cases.expected_error_files import error_map
from CraNeXtLib.cases.model_scoring import EvaluationTask
from CraNeXtLib.completion import model_library
from CraNeXtLib.core.errors import NoImplantError
from CraNeXtLib.datasets.manifest import read_manifest
from CraNeXtLib.evaluation.distance_maps import distance_map
from CraNeXtLib.evaluation.metrics import dice, surface_distances
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.implant.expected_error import KNOWN_PERCENT, P95_MM
from CraNeXtLib.implant.fit.thickness import sides
from CraNeXtLib.training.output.model_card import OWN
from CraNeXtLib.training.output.validation_scores import ALL_KINDS, tasks_of

POINTS = 2000  # per implant
AROUND_MM = 6.0
GENERATED_SPACING_MM = 1.0
BAD_DSC, BAD_DH95_MM = 0.7, 4.0


@dataclass(frozen=True, eq=False)
class Case:
    """The expected and the actual error of one implant.

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


def measured(task: EvaluationTask, model: model_library.Model) -> Case | None:
    """Return the errors of a model's implant; None without an implant or an estimate."""
    pair = task.load()
    try:
        result = reconstruct(pair.defective, model=model.folder, device="cpu")
    except NoImplantError:
        return None
    expected = result.expected_error
    if expected is None or expected.mean_mm is None:
        return None
    distances = surface_distances(result.implant, pair.implant)
    figures = {
        "mean_mm": expected.mean_mm,
        "p95_mm": expected.p95_mm,
        "known_percent": expected.known_percent,
        "dsc": dice(result.implant, pair.implant),
        "dh95_mm": distances.percentile(95),
        "asd_mm": distances.mean,
    }
    mesh = surface_of(result.implant)
    margin = np.ceil(AROUND_MM / pair.complete.spacing).astype(int)
    around = foreground_box(result.implant.voxels | pair.implant.voxels, margin=tuple(margin))
    values = error_map(expected.volume.crop(around), mesh).values_mm
    outer = np.flatnonzero((sides(mesh, result.pose.template_center) == 1) & np.isfinite(values))
    outer = np.random.default_rng(0).choice(outer, min(POINTS, len(outer)), replace=False)
    points = Mesh(mesh.vertices[outer], np.empty((0, 3), int))
    away = np.abs(distance_map(points, surface_of(pair.complete.crop(around))).values_mm)
    return Case(task.name, figures, values[outer], away)


def print_points(cases: list[Case]) -> None:
    expected, found = (np.concatenate([getattr(case, what) for case in cases]) for what in ("expected", "found"))
    quarter = np.digitize(expected, np.percentile(expected, (25, 50, 75)))
    for what, values in (("expected", expected), ("found", found)):
        print(f"{what:9}", *(f"{values[quarter == n].mean():.2f}" for n in range(4)), "mm by quartile")
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
    parser.add_argument("--model", default=model_library.DEFAULT_MODEL, help="default: %(default)s")
    parser.add_argument("--kinds", nargs="+", choices=ALL_KINDS, default=ALL_KINDS, help="default: all")
    options = parser.parse_args()
    model, cases = model_library.find(options.model), []
    skulls = [case for case in read_manifest(options.manifest) if case.split == "validation"]
    own = [kind for kind in options.kinds if kind == OWN]
    tasks = tasks_of(skulls, own) + tasks_of(skulls, [k for k in options.kinds if k != OWN], GENERATED_SPACING_MM)
    for task in tasks:
        case = measured(task, model)
        if case is None:
            print(task.name, "no implant or no expected error", flush=True)
            continue
        cases.append(case)
        within = np.corrcoef(case.expected, case.found)[0, 1]
        figures = (f"{key} {value:.3f}" for key, value in case.figures.items())
        print(task.name, *figures, f"correlation {within:.2f}", flush=True)
    for group in ([case for case in cases if case.name.endswith(OWN)], cases):
        if group:
            print_points(group)
    print_warnings(cases)


if __name__ == "__main__":
    main()
