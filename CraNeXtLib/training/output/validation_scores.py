"""Scores of a model in its own folder: on the cases' own defects and on synthetic ones of every kind."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from CraNeXtLib.anatomy.head.landmarks import SkullFrame
from CraNeXtLib.anatomy.head.pose import upright_frame
from CraNeXtLib.cases.model_scoring import EvaluatedTask, EvaluationTask, Row, score_model
from CraNeXtLib.completion import model_library
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.datasets.manifest import DatasetCase
from CraNeXtLib.datasets.skull_pair import SkullPair, load_case
from CraNeXtLib.datasets.synthetic_defects.cutting import make_defect
from CraNeXtLib.datasets.synthetic_defects.kinds import KINDS
from CraNeXtLib.geometry.box import box_from
from CraNeXtLib.geometry.resampling import block_mean, voxels_within
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.training.output.model_card import OWN
from CraNeXtLib.training.output.model_folder import add_scores, read_scores

ALL_KINDS = (OWN, *KINDS)


def score_into(
    folder: Path,
    cases: Iterable[DatasetCase],
    *,
    split: str = "validation",
    kinds: Sequence[str] = (OWN,),
    spacing_mm: float = 0,
    again: bool = False,
    on_row: Callable[[Row], None] = lambda _row: None,
    progress: ProgressCallback | None = None,
) -> list[Row]:
    """Score a model on the defects of a split's cases. Each score is written into the model folder at once.

    A stopped run continues where it was, since cases with a score are left out.

    Args:
        folder: The model folder.
        cases: The cases; those of other splits are left out.
        split: The split.
        kinds: ``OWN`` for the defect that a case comes with, names of ``KINDS`` for synthetic ones.
        spacing_mm: Reduce the skulls to blocks of at most this size first; 0 keeps the full resolution.
        again: Whether to replace scores that the folder has already.
        on_row: Called with each new row.
        progress: Called with the stage and the fraction done; may raise to stop.

    Returns:
        The rows of the split at this resolution.

    Raises:
        InputError: If the folder holds no model, or a case cannot be used.
    """

    def known() -> list[Row]:
        return [row for row in read_scores(folder) if (row["split"], row["spacing_mm"]) == (split, spacing_mm)]

    def keep(evaluated: EvaluatedTask) -> None:
        add_scores(folder, [evaluated.row | {"split": split, "spacing_mm": spacing_mm}])
        on_row(evaluated.row)

    tasks = tasks_of((case for case in cases if case.split == split), kinds, spacing_mm)
    done = set() if again else {row["case"] for row in known()}
    score_model(
        model_library.find(folder), [t for t in tasks if t.name not in done], on_evaluated=keep, progress=progress
    )
    return known()


def tasks_of(
    cases: Iterable[DatasetCase], kinds: Sequence[str], spacing_mm: float = 0, seed: int = 0
) -> list[EvaluationTask]:
    """Return the defects to evaluate: the own defect of every case, and a synthetic one of each kind for every skull.

    Args:
        cases: The cases.
        kinds: ``OWN`` and names of ``KINDS``.
        spacing_mm: Reduce the skulls to blocks of at most this size first; 0 keeps the full resolution.
        seed: Added to the seed of each synthetic defect, which follows from the subject.
    """
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


# The tasks of one case follow each other, so that the last case is all that needs to be kept.
@lru_cache(maxsize=1)
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
    """Return a case on whole blocks of its voxels of at most a spacing, which takes less time to score."""
    block = voxels_within(spacing_mm, pair.complete.spacing)
    whole = box_from((0, 0, 0), np.array(pair.complete.shape) // block * block)
    complete, implant = (block_mean(mask.crop(whole), block) for mask in (pair.complete, pair.implant))
    bone = complete.voxels >= 0.5
    missing = bone & (implant.voxels >= complete.voxels / 2)
    defective, complete, implant = (complete.with_voxels(mask) for mask in (bone & ~missing, bone, missing))
    return SkullPair(complete=complete, defective=defective, implant=implant)
