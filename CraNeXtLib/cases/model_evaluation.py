"""A model evaluated on the cases of a data set that it was not trained on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from CraNeXtLib.cases.cohort_evaluation import write_tables
from CraNeXtLib.cases.model_scoring import EvaluatedTask, EvaluationTask, score_model
from CraNeXtLib.completion import model_library
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import filling
from CraNeXtLib.core.files.text import json_text, write_text
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.datasets.manifest import SPLITS, DatasetCase, read_manifest
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

    The folder gets, besides ``cases.csv`` and ``cohort.json`` (see ``cohort``), the masks of each case under
    ``volumes``. Where no implant comes out, an empty one counts, as a failure. An evaluation that was stopped goes on
    where it was.

    Args:
        model: Name or folder of a model.
        manifest: Data set, see ``datasets``.
        out: Folder for the results.
        split: Which cases.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        progress: Told stage and fraction; may raise CancelledError to stop.

    Returns:
        One row a case, as in ``cases.csv``.

    Raises:
        InputError: If the model or a case cannot be used, the split is empty, or the folder holds another evaluation.
    """
    out = Path(out)
    chosen = model_library.find(model)
    cases = _cases(Path(manifest), split)
    names = _file_names(cases)
    _claim(
        out, {"model": chosen.name, "sha256": chosen.sha256, "manifest": str(Path(manifest).absolute()), "split": split}
    )
    tasks = [EvaluationTask.of(case, name) for case, name in zip(cases, names, strict=True)]

    def keep(evaluated: EvaluatedTask) -> None:
        with filling(out / "volumes" / evaluated.task.name) as new:
            masks = {
                "skull": evaluated.pair.defective,
                "reference": evaluated.pair.implant,
                "implant": evaluated.implant,
            }
            for role, mask in masks.items():
                write_volume(mask, new / f"{role}.nrrd")

    rows = score_model(chosen, tasks, device=device, folder=out / "cases", on_evaluated=keep, progress=progress)
    rows = [row | {"region": "", "flags": " ".join(row["flags"]), "error": ""} for row in rows]
    write_tables(rows, out)
    return rows


def _cases(manifest: Path, split: str) -> list[DatasetCase]:
    if split not in SPLITS:
        raise InputError(f"There is no split '{split}'; choose one of {', '.join(SPLITS)}.")
    listed = read_manifest(manifest)
    cases = [case for case in listed if case.split == split and case.has_defect]
    if not cases:
        there = sorted({case.split or "none" for case in listed if case.has_defect})
        message = f"{manifest.name} has no case with a defect in the split '{split}'"
        raise InputError(f"{message}; its cases with one are in: {', '.join(there) or 'no split'}.")
    return cases


def _file_names(cases: Sequence[DatasetCase]) -> list[str]:
    """Return a name for each case's folder, as like its own as file systems allow."""
    names: list[str] = []
    for case in cases:
        plain = re.sub(r"[^\w.-]+", "_", case.name).strip("._") or "case"
        same = sum(name.rsplit("~", 1)[0].lower() == plain.lower() for name in names)
        names.append(f"{plain}~{same + 1}" if same else plain)
    return names


def _claim(out: Path, what: dict[str, str]) -> None:
    """Write down what is evaluated, or refuse a folder where something else was."""
    file = out / "evaluated.json"
    text = json_text(what)
    if not file.is_file():
        write_text(file, text)
    elif file.read_text(encoding="utf-8") != text:
        raise InputError(f"{out} holds the evaluation of another model, data set or split; choose another folder.")
