"""Many implants measured: in parallel, case by case on disk so that it can go on after a stop, and as tables.

The manifest is a CSV file with a header line, or a JSON list of objects, of these columns; paths are relative to it.

=========== ===========================================================================================
case        Name of the case, required and unique.
implant     File of the implant to measure, required.
reference   File of the implant that should have been made, required.
skull       File of the defective skull, required.
subject     Whose skull it is, so that its defects are counted together; by default the case's name.
region      Region of the defect, or several with ``;`` between them.
kind        Kind of defect.
orientation Where the files' array axes point, such as ``LPS``, for files whose header does not say.
=========== ===========================================================================================

Instead of a manifest, a folder may hold one folder a case with ``implant``, ``reference`` and ``skull`` in it, each as
``.nrrd``, ``.seg.nrrd``, ``.nii`` or ``.nii.gz``.
"""

from __future__ import annotations

import csv
import io
import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from CraNeXtLib import RESEARCH_USE_NOTICE, statistics
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.text import json_text, write_text
from CraNeXtLib.evaluation import Evaluation, evaluate
from CraNeXtLib.geometry.volume_files import read_volume

ROLES = ("implant", "reference", "skull")
SUFFIXES = (".nrrd", ".seg.nrrd", ".nii.gz", ".nii")
COHORT_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class EvaluationCase:
    """One line of a manifest, with absolute paths; see the module's docstring."""

    case: str
    implant: Path
    reference: Path
    skull: Path
    subject: str = ""
    region: str = ""
    kind: str = ""
    orientation: str = ""


def evaluate_cohort(
    source: str | Path,
    out: str | Path,
    *,
    workers: int = 1,
    resume: bool = True,
    progress: Callable[[str, float], None] | None = None,
) -> list[dict[str, object]]:
    """Measure every case of a manifest or folder and write ``cases.csv`` and ``cohort.json``.

    A case that cannot be read is listed with its error and left out of the tables; the others go on.

    Args:
        source: Manifest (.csv, .json) or folder.
        out: Folder for the results; ``cases/`` in it holds one file a case.
        workers: Processes; each holds the volumes of one case.
        resume: Keep the cases that were measured before and whose files have not changed since.
        progress: Called after every case with its name and the fraction done; it may raise CancelledError.

    Returns:
        One row a case, in the manifest's order, as in ``cases.csv``.

    Raises:
        InputError: If the manifest or the output folder cannot be used, or no case could be measured.
    """
    cases, folder = read_cases(source), Path(out) / "cases"
    rows: dict[str, dict[str, object]] = {}
    waiting = []
    for case in cases:
        known = _known_row(case, folder) if resume else None
        if known is None:
            waiting.append(case)
        else:
            rows[case.case] = known
    for case, row in _measured(waiting, workers):
        rows[case.case] = row
        if not row["error"]:
            write_text(folder / f"{case.case}.json", json_text({"files": _fingerprint(case), "row": row}))
        if progress:
            progress(case.case, len(rows) / len(cases))
    ordered = [rows[case.case] for case in cases]
    write_tables(ordered, Path(out))
    return ordered


def write_tables(rows: Sequence[dict[str, object]], out: Path) -> None:
    """Write ``cases.csv`` and ``cohort.json``.

    Raises:
        InputError: If no case could be measured, or a file cannot be written.
    """
    write_text(out / "cases.csv", _csv(rows))
    write_text(out / "cohort.json", json_text(cohort_description(rows)))


def read_cases(source: str | Path) -> list[EvaluationCase]:
    """Read a manifest or look through a folder.

    Raises:
        InputError: If it lists no cases, a line is incomplete, or a name is there twice or not fit for a file.
    """
    source = Path(source)
    cases = _cases_of_folder(source) if source.is_dir() else _cases_of_manifest(source)
    if not cases:
        raise InputError(f"{source} lists no cases with an implant, a reference and a skull.")
    seen: set[str] = set()
    for case in cases:
        if case.case in seen:
            raise InputError(f"{source.name} lists the case {case.case} twice; give each case its own name.")
        if case.case != Path(case.case).name or case.case.startswith("."):
            raise InputError(f"The case name '{case.case}' cannot be a file name; use letters, digits, - and _.")
        seen.add(case.case)
    return cases


def cohort_description(rows: Sequence[dict[str, object]]) -> dict[str, object]:
    """Return the content of ``cohort.json``: tables for all cases and by region and kind, and what went wrong.

    Raises:
        InputError: If no case could be measured.
    """
    measured = [row for row in rows if not row["error"]]
    if not measured:
        raise InputError(f"No case could be measured; the first says: {rows[0]['error']}")
    groups = [group for group in ("region", "kind") if all(row[group] for row in measured)]
    tables = {"all": statistics.table(measured)["all"]}
    for group in groups:
        tables |= {f"{group}: {k}": v for k, v in statistics.table(measured, by=group).items() if k != "all"}
    return {
        "format": "cranext-cohort",
        "version": COHORT_VERSION,
        "notice": RESEARCH_USE_NOTICE,
        "cases": len(rows),
        "subjects": len({row["subject"] for row in measured}),
        "errors": {str(row["case"]): row["error"] for row in rows if row["error"]},
        "failed_cases": [row["case"] for row in measured if row["flags"]],
        "tables": {name: {metric: asdict(s) for metric, s in table.items()} for name, table in tables.items()},
    }


def read_rows(path: str | Path) -> list[dict[str, object]]:
    """Read a ``cases.csv`` for ``statistics.compare``; cases with an error are left out.

    Raises:
        InputError: If the file cannot be read.
    """
    try:
        with Path(path).open(newline="", encoding="utf-8") as file:
            return [row for row in csv.DictReader(file) if not row.get("error")]
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror}.") from error


def _measured(cases: Sequence[EvaluationCase], workers: int) -> Iterator[tuple[EvaluationCase, dict[str, object]]]:
    if workers <= 1:
        yield from ((case, _row(case)) for case in cases)
        return
    # A fork would copy the locks of threads that numerical libraries have started.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            futures = {pool.submit(_row, case): case for case in cases}
            yield from ((futures[future], future.result()) for future in as_completed(futures))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _row(case: EvaluationCase) -> dict[str, object]:
    row = {
        "case": case.case,
        "subject": case.subject or case.case,
        "region": case.region,
        "kind": case.kind,
    }
    try:
        volumes = [read_volume(getattr(case, role), orientation=case.orientation or None) for role in ROLES]
        found = asdict(evaluate(*volumes))
    except InputError as error:
        return row | dict.fromkeys((field.name for field in fields(Evaluation)), "") | {"error": str(error)}
    return row | found | {"flags": " ".join(found["flags"]), "error": ""}


def _known_row(case: EvaluationCase, folder: Path) -> dict[str, object] | None:
    try:
        stored = json.loads((folder / f"{case.case}.json").read_text(encoding="utf-8"))
        if stored["files"] != _fingerprint(case):
            return None
        row = {name: float("inf") if value is None else value for name, value in stored["row"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return row | {"subject": case.subject or case.case, "region": case.region, "kind": case.kind}


def _fingerprint(case: EvaluationCase) -> list[object]:
    files = [getattr(case, role) for role in ROLES]
    return [case.orientation, *([str(f), f.stat().st_size, f.stat().st_mtime_ns] for f in files)]


def _cases_of_folder(folder: Path) -> list[EvaluationCase]:
    cases = []
    for member in sorted(child for child in folder.iterdir() if child.is_dir()):
        files = {role: next((f for s in SUFFIXES if (f := member / f"{role}{s}").is_file()), None) for role in ROLES}
        if all(files.values()):
            cases.append(EvaluationCase(case=member.name, **{role: f.absolute() for role, f in files.items()}))
    return cases


def _cases_of_manifest(path: Path) -> list[EvaluationCase]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = json.loads(text) if path.suffix.lower() == ".json" else list(csv.DictReader(io.StringIO(text)))
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror}.") from error
    except ValueError as error:
        raise InputError(f"{path.name} is not a manifest: {error}") from error
    columns = [field.name for field in fields(EvaluationCase)]
    cases = []
    for number, row in enumerate(rows, 1):
        unknown = sorted(str(key) for key in set(row) - set(columns))
        missing = [name for name in ("case", *ROLES) if not row.get(name)]
        if unknown or missing:
            raise InputError(
                f"{path.name}, case {number}: "
                + (
                    f"no column is called {unknown[0]}; allowed: {', '.join(columns)}."
                    if unknown
                    else f"no {missing[0]}."
                )
            )
        cells = {key: str(value).strip() for key, value in row.items() if value}
        cases.append(EvaluationCase(**cells | {role: path.parent.absolute() / cells[role] for role in ROLES}))
    return cases


def _csv(rows: Sequence[dict[str, object]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
