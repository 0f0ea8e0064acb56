"""The results of a cohort: its rows as CSV, and its tables as JSON."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.csv_tables import plain
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE
from CraNeXtLib.evaluation import cohort_statistics

COHORT_VERSION = 1


def cohort_description(rows: Sequence[dict[str, object]]) -> dict[str, object]:
    """Return the content of ``cohort.json``: tables over all cases and by region and kind, and the errors.

    Args:
        rows: One row per case, with the columns of ``cases.csv``; ``error`` is empty if the case could be evaluated.

    Raises:
        InputError: If no case could be evaluated.
    """
    measured = [row for row in rows if not row["error"]]
    if not measured:
        raise InputError(f"No case could be evaluated. The first error was: {rows[0]['error']}")
    groups = [group for group in ("region", "kind") if all(row[group] for row in measured)]
    tables = {"all": cohort_statistics.table(measured)["all"]}
    for group in groups:
        tables |= {f"{group}: {k}": v for k, v in cohort_statistics.table(measured, by=group).items() if k != "all"}
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
    """Read a ``cases.csv`` for ``cohort_statistics.compare``, without cases that have an error.

    Raises:
        InputError: If the file cannot be read.
    """
    try:
        with Path(path).open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            return [
                {name: plain(cell or "") for name, cell in row.items() if name} for row in rows if not row.get("error")
            ]
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror}.") from error
