"""Loss and scores of a run by epoch, from the logs in its folder."""

from __future__ import annotations

import csv
from pathlib import Path

Curve = list[tuple[int, float]]
"""Epochs, counted from 1, and the value at the end of each."""


def read_curves(folder: str | Path) -> dict[str, Curve]:
    """Return the curve of every logged value by its name, such as ``train_loss`` and ``implant-dsc``.

    A run that was resumed has a log for each start. Of an epoch that was repeated, the later values count.

    Args:
        folder: Folder of the run.
    """
    values: dict[str, dict[int, float]] = {}
    logs = sorted(Path(folder).glob("logs/version_*/metrics.csv"), key=lambda path: int(path.parent.name[8:]))
    for number, log in enumerate(logs):
        rows = _rows(log)
        if number and rows:  # this start discarded what earlier ones logged beyond its first epoch
            first = min(epoch for epoch, _ in rows)
            values = {name: {e: v for e, v in curve.items() if e < first} for name, curve in values.items()}
        for epoch, row in rows:
            for name, value in row.items():
                values.setdefault(name, {})[epoch] = value
    return {name: sorted(curve.items()) for name, curve in values.items() if curve}


def _rows(log: Path) -> list[tuple[int, dict[str, float]]]:
    """Return epoch and values of each line, without a last line that is still being written."""
    try:
        with log.open(newline="", encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError):
        return []
    rows = []
    for line in lines:
        try:
            epoch = int(line.pop("epoch")) + 1
            line.pop("step", None)
            rows.append((epoch, {name: float(value) for name, value in line.items() if value}))
        except (KeyError, TypeError, ValueError):
            continue
    return rows
