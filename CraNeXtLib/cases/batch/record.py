"""Records of the cases of a batch on disk, so that a stopped batch can continue, and the summary table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from CraNeXtLib.anatomy.ct.reading import ct_hash
from CraNeXtLib.cases.batch.listing import BatchCase
from CraNeXtLib.cases.case_folder import DERIVED, discard_results
from CraNeXtLib.cases.case_settings import CaseSettings
from CraNeXtLib.cases.result_json import RESULT_FILE
from CraNeXtLib.completion import model_library
from CraNeXtLib.core.files.csv_tables import csv_text
from CraNeXtLib.core.files.text import json_text, write_text
from CraNeXtLib.core.product import __version__
from CraNeXtLib.geometry.volume_files import input_hash

DONE, NO_IMPLANT, FAILED = "done", "no implant", "failed"
RECORD = "batch.json"
_NUMBERS = ("implant_volume_ml", "defect_area_cm2", "watertight", "peak_memory_mb")


@dataclass(frozen=True)
class BatchRecord:
    """The outcome of one case of a batch.

    Args:
        asked: The request: settings, input files, model and version; a different request needs another run.
        status: ``"done"``, ``"no implant"`` or ``"failed"``.
        message: Why there is no implant.
    """

    asked: dict[str, Any]
    status: str
    message: str = ""


def case_folder(out: str | Path, case: BatchCase) -> Path:
    """Return the folder of a case's files."""
    return Path(out) / "cases" / case.case


def asked_of(case: BatchCase, common: CaseSettings) -> dict[str, Any]:
    """Return the request that determines a case's result, for JSON. It reads the whole input.

    Raises:
        InputError: If there is no such model.
    """
    settings = case.settings(common)
    skull = ct_hash(case.skull, series=settings.series) if settings.ct else input_hash(case.skull)
    reference = [[file.name, input_hash(file)] for file in (case.reference_implant,) if file]
    asked = {
        "settings": settings.described(),
        "files": [[case.skull.name, skull], *reference],
        "model_sha256": model_library.find(settings.model).sha256,
        "version": __version__,
    }
    return json.loads(json.dumps(asked, default=str))  # as it will be read back


def write_record(out: str | Path, case: BatchCase, record: BatchRecord) -> None:
    """Record the outcome of a case.

    Raises:
        InputError: If the folder cannot be written.
    """
    write_text(case_folder(out, case) / RECORD, json_text(asdict(record)))


def read_record(out: str | Path, case: BatchCase) -> BatchRecord | None:
    """Return the outcome of a case, or None if it was not finished."""
    folder = case_folder(out, case)
    try:
        record = BatchRecord(**json.loads((folder / RECORD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return record if record.status != DONE or (folder / RESULT_FILE).is_file() else None


def discard_old_results(out: str | Path, case: BatchCase) -> None:
    """Delete the results that an earlier run of a case left, now that it has failed: they are not of this input.

    Raises:
        InputError: If a file cannot be deleted.
    """
    discard_results(case_folder(out, case), RESULT_FILE, replaces=DERIVED)


def summary_row(out: str | Path, case: BatchCase) -> dict[str, Any]:
    """Return a case's line of the table: its status and the numbers of its ``result.json``."""
    record = read_record(out, case) or BatchRecord({}, "not run")
    row = {"case": case.case, "status": record.status, "message": record.message}
    file = case_folder(out, case) / RESULT_FILE
    if record.status not in (DONE, NO_IMPLANT) or not file.is_file():
        return row
    result = json.loads(file.read_text(encoding="utf-8"))
    if record.status == NO_IMPLANT:
        return row | {"warnings": " ".join(result["warnings"])}
    return (
        row
        | {"verdict": result["verdict"]["answer"]}
        | {name: result[name] for name in _NUMBERS}
        | {"pieces": len(result["pieces"]), "thickness_median_mm": result["thickness_mm"]["median"]}
        | result.get("metrics", {})
        | {"seconds": round(sum(result["seconds"].values()), 1), "warnings": " ".join(result["warnings"])}
    )


def write_summary(out: str | Path, cases: Sequence[BatchCase]) -> list[dict[str, Any]]:
    """Write ``summary.csv``, one line per case, and return its rows.

    Raises:
        InputError: If the file cannot be written.
    """
    rows = [summary_row(out, case) for case in cases]
    columns = list(dict.fromkeys(name for row in sorted(rows, key=len, reverse=True) for name in row))
    write_text(Path(out) / "summary.csv", csv_text(rows, columns))
    return rows
