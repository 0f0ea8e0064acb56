"""Evaluate a model on the cases of a data set that it was not trained on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from CraNeXtLib.cases.cohort_evaluation import table_row, write_tables
from CraNeXtLib.cases.model_scoring import EvaluatedTask, EvaluationTask, score_model
from CraNeXtLib.completion import model_library
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.filling import filling, reserved
from CraNeXtLib.core.files.text import json_text, write_text
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.datasets.manifest import SPLITS, DatasetCase, check_files, read_manifest
from CraNeXtLib.geometry.volume_files import write_volume


def evaluate_model(
    model: str | Path,
    manifest: str | Path,
    out: str | Path,
    *,
    split: str = "test",
    device: str = "auto",
    progress: ProgressCallback | None = None,
) -> list[dict[str, object]]:
    """Reconstruct every case of a split that has a defect, and measure the implants against the true ones.

    Writes ``cases.csv``, ``cohort.json`` and the masks of each case into ``volumes``. If the model finds no defect, an
    empty implant is measured, as a failure. A stopped evaluation continues where it was.

    Args:
        model: Name or folder of a model.
        manifest: Manifest of a data set, see :mod:`CraNeXtLib.datasets.manifest`.
        out: Folder for the results.
        split: Split to evaluate.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        progress: Called with the stage and the overall fraction; may raise CancelledError to stop.

    Returns:
        One row per case, as in ``cases.csv``.

    Raises:
        InputError: If the model or a case cannot be used, the split is empty, or the folder holds another evaluation.
    """
    out = Path(out)
    chosen = model_library.find(model)
    cases = _cases(Path(manifest), split)
    with reserved(out):
        _claim(
            out,
            {"model": chosen.name, "sha256": chosen.sha256, "manifest": str(Path(manifest).absolute()), "split": split},
        )
        named = zip(cases, _file_names(cases), strict=True)
        tasks = [EvaluationTask.of(case, name) for case, name in named]
        keep = partial(_write_masks, out / "volumes")
        rows = score_model(chosen, tasks, device=device, folder=out / "cases", on_evaluated=keep, progress=progress)
        table = [table_row(row | {"region": ""}) for row in rows]
        write_tables(table, out)
    return table


def _write_masks(volumes: Path, evaluated: EvaluatedTask) -> None:
    masks = {"skull": evaluated.pair.defective, "reference": evaluated.pair.implant, "implant": evaluated.implant}
    with filling(volumes / evaluated.task.name) as new:
        for role, mask in masks.items():
            write_volume(mask, new / f"{role}.nrrd")


def _cases(manifest: Path, split: str) -> list[DatasetCase]:
    if split not in SPLITS:
        raise InputError(f"There is no split '{split}'; choose one of {', '.join(SPLITS)}.")
    listed = read_manifest(manifest)
    cases = [case for case in listed if case.split == split and case.has_defect]
    if not cases:
        there = sorted({case.split or "none" for case in listed if case.has_defect})
        message = f"{manifest.name} has no case with a defect in the split '{split}'"
        raise InputError(f"{message}; its cases with one are in: {', '.join(there) or 'no split'}.")
    check_files(cases)
    return cases


def _file_names(cases: Sequence[DatasetCase]) -> list[str]:
    """Return a unique folder name for each case, as close to its own name as file systems allow."""
    names: list[str] = []
    for case in cases:
        plain = re.sub(r"[^\w.-]+", "_", case.name).strip("._") or "case"
        same = sum(name.rsplit("~", 1)[0].lower() == plain.lower() for name in names)
        names.append(f"{plain}~{same + 1}" if same else plain)
    return names


def _claim(out: Path, subject: dict[str, str]) -> None:
    """Record what is evaluated, or refuse a folder that holds the evaluation of something else."""
    file = out / "evaluated.json"
    text = json_text(subject)
    if not file.is_file():
        write_text(file, text)
    elif file.read_text(encoding="utf-8") != text:
        raise InputError(f"{out} holds the evaluation of another model, data set or split; choose another folder.")
