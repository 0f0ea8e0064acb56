"""Results of the experiments, read from the folders of the cells."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.core.files.text import json_text, read_json, write_text
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.datasets.manifest import DatasetCase
from CraNeXtLib.datasets.summary import DatasetStatistics, Spread, dataset_statistics
from CraNeXtLib.training.experiments.config import ExperimentConfig, read_experiments
from CraNeXtLib.training.experiments.data import Data
from CraNeXtLib.training.experiments.design import Cell

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class CellResult:
    """A cell that is done.

    Attributes:
        cell: The cell.
        parameters: Number of values in the model's weights.
        size_mb: Size of the weights file in MB (10⁶ bytes); this software stores half precision.
        rows: One for each test case: the metrics of ``evaluation``, ``criteria`` of the checklist by name,
            ``case``, ``subject``, ``dataset`` and ``kind``. A distance that does not exist is infinite.
    """

    cell: Cell
    parameters: int
    size_mb: float
    rows: list[Row]

    def tested_on(self, data: str) -> list[Row]:
        """Return the rows of the test cases of ``"a"``, ``"b"`` or ``"ab"``."""
        return [row for row in self.rows if row["dataset"] in data]


@dataclass(frozen=True, eq=False)
class Results:
    """The experiments so far.

    Attributes:
        folder: Their folder.
        config: Their settings.
        cells: The cells that are done, by name.
    """

    folder: Path
    config: ExperimentConfig
    cells: dict[str, CellResult]

    @classmethod
    def read(cls, folder: str | Path) -> Results:
        """Read the folder that ``cranext experiment run`` has filled.

        Raises:
            InputError: If it holds no experiments, or none of its cells is done.
        """
        folder = Path(folder)
        if not (folder / "experiments.yaml").is_file():
            raise InputError(f"{folder} holds no experiments; run them with: cranext experiment run.")
        config = read_experiments(folder / "experiments.yaml")
        cells = {}
        for cell in config.cells():
            file = folder / "cells" / cell.name / "cell.json"
            if file.is_file():
                cells[cell.name] = _read_cell(cell, file)
        if not cells:
            raise InputError(f"No cell in {folder} is done yet; continue with: cranext experiment run.")
        return cls(folder, config, cells)

    @property
    def missing(self) -> list[str]:
        """Names of the cells that are not done."""
        return [cell.name for cell in self.config.cells() if cell.name not in self.cells]

    def statistics(self, progress: ProgressCallback | None = None) -> dict[str, DatasetStatistics]:
        """Return the statistics of the data sets by name. They are measured once per manifest and kept in a file."""
        found = {}
        data = Data.read(self.config)
        for key, cases in data.cases.items():
            file = self.folder / "data" / f"{key}-statistics.json"
            manifest = sha256_of(Path(getattr(self.config, key)))
            kept = read_json(file) if file.is_file() else {}
            if kept.get("manifest_sha256") != manifest:
                report = partial(_report, progress, len(cases)) if progress else None
                kept = {"manifest_sha256": manifest, "statistics": asdict(dataset_statistics(cases, progress=report))}
                write_text(file, json_text(kept))
            values = kept["statistics"]
            samples = {name: Spread(**value) for name, value in values.items() if _is_sample(value)}
            found[self.config.names[key]] = DatasetStatistics(**(values | samples))
        return found


def _read_cell(cell: Cell, file: Path) -> CellResult:
    content = read_json(file)
    try:
        rows = [_with_infinities(row) for row in content["cases"]]
        return CellResult(cell, content["model"]["parameters"], content["model"]["bytes"] / 1e6, rows)
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{file} is damaged; delete it, and run the cell again.") from error


def _report(progress: ProgressCallback, count: int, number: int, case: DatasetCase) -> None:
    progress(f"Reading {case.name}", number / count)


def _is_sample(value: object) -> bool:
    return isinstance(value, dict) and set(value) == {"mean", "sd", "count"}


def _with_infinities(row: Row) -> Row:
    return {name: float("inf") if value is None and name.endswith("_mm") else value for name, value in row.items()}
