"""How good a model's implants are: the cases' own defects and synthetic ones of every kind.

``python -m CraNeXtLib.training.output.validation_scores MODEL MANIFEST`` scores a model folder on the
validation cases, one defect
of every kind a skull, writes the scores into it, and its card anew. It goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from CraNeXtLib.anatomy.head.landmarks import SkullFrame
from CraNeXtLib.anatomy.head.pose import upright_frame
from CraNeXtLib.cases.model_scoring import EvaluatedTask, EvaluationTask, Row, score_model
from CraNeXtLib.completion import model_library
from CraNeXtLib.core.errors import exit_status_of
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.datasets.manifest import SPLITS, DatasetCase, SkullPair, load_case, read_manifest
from CraNeXtLib.datasets.synthetic_defects.cutting import make_defect
from CraNeXtLib.datasets.synthetic_defects.kinds import KINDS
from CraNeXtLib.evaluation.cohort_statistics import PAPER_METRICS
from CraNeXtLib.geometry.box import box_from
from CraNeXtLib.geometry.resampling import block_mean, voxels_within
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.training.output.model_card import OWN, scores_table
from CraNeXtLib.training.output.model_folder import put_scores, read_scores

ALL_KINDS = (OWN, *KINDS)


def score_into(
    folder: Path,
    cases: Iterable[DatasetCase],
    *,
    split: str = "validation",
    kinds: Sequence[str] = (OWN,),
    spacing_mm: float = 0,
    again: bool = False,
    told: Callable[[Row], None] = lambda _row: None,
    progress: ProgressCallback | None = None,
) -> list[Row]:
    """Score a model on the defects of a split's cases, and put each score into its folder at once.

    Args:
        folder: The model folder.
        cases: The cases; those of other splits are left out.
        split: Which.
        kinds: ``OWN`` for the defect that a case comes with, names of ``KINDS`` for synthetic ones.
        spacing_mm: Reduce the skulls to blocks of at most this; 0 for full resolution.
        again: Score anew what the folder has a score of.
        told: Told each new row.
        progress: Told stage and fraction; may raise to stop.

    Returns:
        The rows of the split at this resolution.
    """

    def known() -> list[Row]:
        return [row for row in read_scores(folder) if (row["split"], row["spacing_mm"]) == (split, spacing_mm)]

    def keep(evaluated: EvaluatedTask) -> None:
        put_scores(folder, [evaluated.row | {"split": split, "spacing_mm": spacing_mm}])
        told(evaluated.row)

    tasks = tasks_of((case for case in cases if case.split == split), kinds, spacing_mm)
    done = set() if again else {row["case"] for row in known()}
    score_model(
        model_library.find(folder), [t for t in tasks if t.name not in done], on_evaluated=keep, progress=progress
    )
    return known()


def tasks_of(
    cases: Iterable[DatasetCase], kinds: Sequence[str], spacing_mm: float = 0, seed: int = 0
) -> list[EvaluationTask]:
    """Return tasks: the defect of every case that has one, and synthetic defects, one of each kind a skull."""
    tasks, seen = [], set()
    for case in cases:
        for kind in kinds:
            if not (case.has_defect if kind == OWN else case.skull not in seen):
                continue
            load = partial(_load, case, kind, spacing_mm, seed + zlib.crc32(case.subject.encode()))
            name = "/".join(filter(None, (case.name if kind == OWN else "/".join(filter(None, case.skull)), kind)))
            tasks.append(EvaluationTask(name=name, load=load, subject=case.subject, kind=kind))
        seen.add(case.skull)
    return tasks


def _load(case: DatasetCase, kind: str, spacing_mm: float, seed: int) -> SkullPair:
    pair = _read(case, spacing_mm)
    return pair if kind == OWN else with_defect(pair.complete, kind, seed, _frame(case, spacing_mm))


@lru_cache(maxsize=1)  # the tasks of one case follow each other
def _read(case: DatasetCase, spacing_mm: float) -> SkullPair:
    pair = load_case(case)
    return reduced(pair, spacing_mm) if spacing_mm else pair


@lru_cache(maxsize=1)
def _frame(case: DatasetCase, spacing_mm: float) -> SkullFrame:
    return upright_frame(_read(case, spacing_mm).complete)


def with_defect(complete: Volume, kind: str, seed: int, frame: SkullFrame | None = None) -> SkullPair:
    """Return a complete skull with a synthetic defect; see ``make_defect``."""
    implant = make_defect(complete, kind, seed=seed, frame=frame)
    return SkullPair(complete, complete.with_voxels(complete.voxels & ~implant.voxels), implant)


def reduced(pair: SkullPair, spacing_mm: float) -> SkullPair:
    """Return a case on whole blocks of its voxels of at most a spacing: for a quicker look."""
    block = voxels_within(spacing_mm, pair.complete.spacing)
    whole = box_from((0, 0, 0), np.array(pair.complete.shape) // block * block)
    complete, implant = (block_mean(mask.crop(whole), block) for mask in (pair.complete, pair.implant))
    bone = complete.voxels >= 0.5
    missing = bone & (implant.voxels >= complete.voxels / 2)
    return SkullPair(*(complete.with_voxels(mask) for mask in (bone, bone & ~missing, missing)))


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m CraNeXtLib.training.output.validation_scores", description=__doc__)
    parser.add_argument("model", help="name or folder of the model")
    parser.add_argument("manifest", type=Path, help="data set with splits")
    parser.add_argument("--split", choices=SPLITS, default="validation", help="default: %(default)s")
    parser.add_argument("--kinds", nargs="+", choices=ALL_KINDS, default=ALL_KINDS, help="default: all")
    parser.add_argument("--spacing", type=float, default=0, metavar="MM", help="reduce the skulls first; default: not")
    parser.add_argument("--again", action="store_true", help="score anew what has a score")
    options = parser.parse_args(arguments)

    def work() -> None:
        rows = score_into(
            model_library.find(options.model).folder,
            read_manifest(options.manifest),
            split=options.split,
            kinds=options.kinds,
            spacing_mm=options.spacing,
            again=options.again,
            told=lambda row: print(row["case"], *(f"{m} {row[m]:.3f}" for m in PAPER_METRICS), flush=True),
        )
        print(scores_table(rows))

    return exit_status_of(work)


if __name__ == "__main__":
    sys.exit(main())
