"""How a run's loss and scores went, epoch by epoch, from the logs in its folder."""

from __future__ import annotations

import csv
from pathlib import Path

Curve = list[tuple[int, float]]
"""Epochs, from 1, and the values after them."""


def read_curves(folder: str | Path) -> dict[str, Curve]:
    """Return every logged value by its name, such as ``train_loss`` and ``implant-dsc``.

    A run that was resumed has a log for each start; of an epoch that was made twice, the later one counts.

    Args:
        folder: Folder of the run.
    """
    values: dict[str, dict[int, float]] = {}
    logs = sorted(Path(folder).glob("logs/version_*/metrics.csv"), key=lambda path: int(path.parent.name[8:]))
    for number, log in enumerate(logs):
        rows = _rows(log)
        if number and rows:  # what an earlier start made beyond the point where this one began is gone
            first = min(epoch for epoch, _ in rows)
            values = {name: {e: v for e, v in curve.items() if e < first} for name, curve in values.items()}
        for epoch, row in rows:
            for name, value in row.items():
                values.setdefault(name, {})[epoch] = value
    return {name: sorted(curve.items()) for name, curve in values.items() if curve}


def _rows(log: Path) -> list[tuple[int, dict[str, float]]]:
    """Return epoch and values of each line; a line that is being written is left out."""
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
