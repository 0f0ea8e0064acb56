"""Score a model: reconstruct defects one after the other, measure the implants, and summarize the metrics.

All scores of models come from here: those of model cards, of ``cranext models evaluate`` and of the experiments.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from CraNeXtLib.completion.model_library import Model
from CraNeXtLib.core.errors import NoImplantError
from CraNeXtLib.core.files.filling import clean
from CraNeXtLib.core.files.text import json_text, write_text
from CraNeXtLib.core.product import __version__
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.datasets.manifest import DatasetCase
from CraNeXtLib.datasets.skull_pair import SkullPair, contents, load_case
from CraNeXtLib.evaluation.cohort_statistics import PAPER_METRICS, summarize
from CraNeXtLib.evaluation.evaluation import evaluate
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.components import labeled
from CraNeXtLib.geometry.lattice import on_one_grid
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.reconstruct import reconstruct

BROKEN_DSC = 0.6
"""An implant with a lower DSC is of no use."""

STRAY_MM3 = 500.0
"""Smaller pieces outside the true implant are not counted as stray."""

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class EvaluationTask:
    """A defect to evaluate a model on.

    Args:
        name: Unique name; also the name of its file, if rows are kept in files.
        load: Reads or makes the masks.
        subject: Name of the skull.
        kind: Kind of defect.
        contents: Returns what the masks are read from, used to invalidate older rows.
    """

    name: str
    load: Callable[[], SkullPair]
    subject: str = ""
    kind: str = ""
    contents: Callable[[], Mapping[str, str]] = dict

    @classmethod
    def of(cls, case: DatasetCase, name: str) -> EvaluationTask:
        """Return the task for the case of a data set."""
        subject, read_from = "/".join(filter(None, case.skull)), partial(contents, case)
        return cls(name=name, load=partial(load_case, case), subject=subject, kind=case.kind, contents=read_from)


@dataclass(frozen=True, eq=False)
class EvaluatedTask:
    """A task with the model's implant and its metrics.

    Args:
        task: The task.
        pair: Masks of the task.
        implant: The model's implant; empty if it found no defect.
        row: ``case``, ``subject``, ``kind``, ``seconds``, ``stray_pieces`` (of half a millilitre or more, wholly
            outside the true implant) and every value of ``CraNeXtLib.evaluation.evaluation.Evaluation``.
    """

    task: EvaluationTask
    pair: SkullPair
    implant: Volume
    row: Row


def score_model(
    model: Model,
    tasks: Sequence[EvaluationTask],
    *,
    device: str = "auto",
    postprocessing: str | None = None,
    folder: Path | None = None,
    on_evaluated: Callable[[EvaluatedTask], Row | None] | None = None,
    progress: ProgressCallback | None = None,
) -> list[Row]:
    """Reconstruct every task and measure the implants; a missing implant is a failure with infinite distances.

    Args:
        model: The model.
        tasks: The defects.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        postprocessing: See ``reconstruct``.
        folder: Folder that keeps one file per row, so that a stopped call can continue.
        on_evaluated: Called with each new result; the values it returns are added to the row.
        progress: Called with the stage and the overall fraction; may raise to stop.

    Returns:
        One row per task, see :class:`EvaluatedTask`.

    Raises:
        InputError: If the model or a task cannot be used.
    """
    report = progress or (lambda _stage, _fraction: None)
    if folder:
        clean(folder)
    rows = []
    for number, task in enumerate(tasks):
        file = folder / f"{task.name}.json" if folder else None
        made_from = _made_from(model, task) if file else {}
        row = _kept(file, made_from)
        if row is None:
            report(f"Reconstructing {task.name}", number / len(tasks))
            evaluated = _evaluated(model, task, device, postprocessing)
            row = evaluated.row | ((on_evaluated(evaluated) if on_evaluated else None) or {})
            if file:
                write_text(file, json_text({"made_from": made_from, "row": row}))
        rows.append(row)
    report("Measured", 1.0)
    return rows


def scores_of(rows: Iterable[Row]) -> dict[str, Any]:
    """Return mean, standard deviation and worst value of every metric, and the numbers of broken and stray implants.

    A case without an implant enters means with the diagonal of its image as its distance; the worst distance is then
    infinite. Values that older scores lack are NaN, or None for ``stray``.
    """
    rows = list(rows)
    scores: dict[str, Any] = {"n": len(rows)}
    for metric in PAPER_METRICS if rows else ():
        summary = summarize(rows, metric)
        worst = max if metric.endswith("mm") else min
        values = {"mean": summary.mean, "sd": summary.sd, "worst": worst(row[metric] for row in rows)}
        scores[metric] = {name: round(value, 4) for name, value in values.items()}
    broken = sum(row["dsc"] < BROKEN_DSC for row in rows)
    measured = all(np.isfinite(row["stray_pieces"]) for row in rows)
    return scores | {"broken": broken, "stray": sum(row["stray_pieces"] > 0 for row in rows) if measured else None}


def _evaluated(model: Model, task: EvaluationTask, device: str, postprocessing: str | None) -> EvaluatedTask:
    pair = task.load()
    start = time.perf_counter()
    try:
        implant = reconstruct(pair.defective, model=model.folder, device=device, postprocessing=postprocessing).implant
    except NoImplantError:
        implant = pair.implant.with_voxels(np.zeros(pair.implant.shape, bool))
    # The implant's grid is larger where the implant reaches beyond the volume.
    pair = SkullPair(*on_one_grid(implant, pair.complete, pair.defective, pair.implant)[1:])
    row = {
        "case": task.name,
        "subject": task.subject,
        "kind": task.kind,
        "seconds": round(time.perf_counter() - start, 2),
        "stray_pieces": _stray_pieces(implant, pair.implant),
        **asdict(evaluate(implant, pair.implant, pair.defective)),
    }
    return EvaluatedTask(task, pair, implant, row)


def _made_from(model: Model, task: EvaluationTask) -> dict[str, Any]:
    """Return what a row depends on; times of files would tell less, since a clock can be set back."""
    return {"version": __version__, "model": model.sha256, "contents": dict(task.contents())}


def _stray_pieces(implant: Volume, reference: Volume) -> int:
    """Return the number of large pieces that share no voxel with the reference."""
    if not implant.voxels.any():
        return 0
    box = foreground_box(implant.voxels)
    labels, sizes = labeled(implant.voxels[box], corners=True)
    stray = sizes * implant.voxel_volume_mm3 >= STRAY_MM3
    stray[labels[reference.voxels[box]]] = False
    return int(np.count_nonzero(stray))


def _kept(file: Path | None, made_from: dict[str, Any]) -> Row | None:
    """Return the row of an earlier call, or None if it is missing, damaged or made from something else."""
    if file is None:
        return None
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        if stored["made_from"] != made_from:
            return None
        row = stored["row"]
        return {key: float("inf") if value is None and key.endswith("_mm") else value for key, value in row.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
