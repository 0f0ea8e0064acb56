"""Evaluate the implants that a manifest lists: one row each, resumable, and summary tables."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from CraNeXtLib.anatomy.head.loaded_mask import MESH_IN_A_TABLE, check_without_doubt, frame_in_table
from CraNeXtLib.cases.evaluation_case import read_evaluation
from CraNeXtLib.core.errors import InputError, rename_settings
from CraNeXtLib.core.files.csv_tables import csv_text
from CraNeXtLib.core.files.filling import clean, reserved
from CraNeXtLib.core.files.text import json_text, write_text
from CraNeXtLib.core.product import __version__
from CraNeXtLib.core.runtime.parent_process import begin_in_pool
from CraNeXtLib.core.runtime.threads import share
from CraNeXtLib.evaluation.cohort_manifest import ROLES, EvaluationCase, read_cases
from CraNeXtLib.evaluation.cohort_tables import cohort_description
from CraNeXtLib.evaluation.evaluation import Evaluation, evaluate
from CraNeXtLib.geometry.volume_files import input_hash

_IN_A_MANIFEST = MESH_IN_A_TABLE | {
    f"--{name.replace('_', '-')}": f"the manifest's column {name}"
    for name in ("orientation", "segment", "implant_segment", "reference_segment")
}
"""Replacements for the command line's options in messages about a cohort's files."""


def evaluate_cohort(
    source: str | Path,
    out: str | Path,
    *,
    workers: int = 1,
    resume: bool = True,
    progress: Callable[[str, float], None] | None = None,
) -> list[dict[str, object]]:
    """Measure every case of a manifest or folder and write ``cases.csv`` and ``cohort.json``.

    A case that cannot be read is listed with its error and left out of the tables.

    Args:
        source: Manifest (.csv, .json) or folder.
        out: Folder for the results; its folder ``cases`` holds one file per case.
        workers: Number of processes; each holds the volumes of one case.
        resume: Keep the rows of cases that were measured before and whose files have not changed since.
        progress: Called after every case with its name and the fraction done; may raise CancelledError to stop.

    Returns:
        One row per case, in the manifest's order, as in ``cases.csv``.

    Raises:
        InputError: If the manifest or the output folder cannot be used, or no case could be measured.
    """
    cases = read_cases(source)
    with reserved(out):
        rows = _rows(cases, Path(out) / "cases", workers, resume, progress)
        write_tables(rows, Path(out))
    return rows


def _rows(
    cases: Sequence[EvaluationCase],
    folder: Path,
    workers: int,
    resume: bool,
    progress: Callable[[str, float], None] | None,
) -> list[dict[str, object]]:
    """Return the rows of all cases, and keep each measured one in the folder."""
    clean(folder)
    files = {case.case: _fingerprint(case) for case in cases}
    rows: dict[str, dict[str, object]] = {}
    waiting = []
    for case in cases:
        known = _known_row(case, folder, files[case.case]) if resume else None
        if known is None:
            waiting.append(case)
        else:
            rows[case.case] = known
    for case, row in _measured(waiting, workers):
        rows[case.case] = row
        if not row["error"]:
            write_text(folder / f"{case.case}.json", json_text({"files": files[case.case], "row": row}))
        if progress:
            progress(case.case, len(rows) / len(cases))
    return [rows[case.case] for case in cases]


def write_tables(rows: Sequence[dict[str, object]], out: Path) -> None:
    """Write ``cases.csv`` and ``cohort.json``.

    Raises:
        InputError: If no case could be measured, or a file cannot be written.
    """
    description = cohort_description(rows)
    write_text(out / "cases.csv", csv_text(rows, list(rows[0])))
    write_text(out / "cohort.json", json_text(description))


def table_row(row: Mapping[str, Any]) -> dict[str, object]:
    """Return a measured row as ``cases.csv`` has it: with its flags as text, and without an error."""
    return {**row, "flags": " ".join(row["flags"]), "error": ""}


def _measured(cases: Sequence[EvaluationCase], workers: int) -> Iterator[tuple[EvaluationCase, dict[str, object]]]:
    if workers <= 1:
        yield from ((case, _row(case)) for case in cases)
        return
    # A forked process would copy locks held by threads of the numerical libraries.
    context = multiprocessing.get_context("spawn")
    threads = share(workers)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=begin_in_pool, initargs=(threads,)) as pool:
        try:
            futures = {pool.submit(_row, case): case for case in cases}
            yield from ((futures[future], future.result()) for future in as_completed(futures))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _row(case: EvaluationCase) -> dict[str, object]:
    row: dict[str, object] = {
        "case": case.case,
        "subject": case.subject or case.case,
        "region": case.region,
        "kind": case.kind,
    }
    try:
        volumes, warnings = read_evaluation(
            case.implant,
            case.reference,
            case.skull,
            orientation=case.orientation or None,
            segment=case.segment or None,
            implant_segment=case.implant_segment or None,
            reference_segment=case.reference_segment or None,
            frame=frame_in_table(case.orientation),
        )
        check_without_doubt(warnings)
        return table_row(row | asdict(evaluate(*volumes)))
    except InputError as error:
        return (
            row
            | dict.fromkeys((field.name for field in fields(Evaluation)), "")
            | {"error": rename_settings(str(error), _IN_A_MANIFEST)}
        )


def _known_row(case: EvaluationCase, folder: Path, files: list[object]) -> dict[str, object] | None:
    try:
        stored = json.loads((folder / f"{case.case}.json").read_text(encoding="utf-8"))
        if stored["files"] != files:
            return None
        row = {name: float("inf") if value is None else value for name, value in stored["row"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return row | {"subject": case.subject or case.case, "region": case.region, "kind": case.kind}


def _fingerprint(case: EvaluationCase) -> list[object]:
    files = [getattr(case, role) for role in ROLES]
    choices = (case.orientation, case.segment, case.implant_segment, case.reference_segment)
    return [__version__, *choices, *([str(file), input_hash(file)] for file in files)]
