"""Training and testing one model of the experiments: a cell, which is one job that can be stopped and continued."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from CraNeXtLib.cases.model_scoring import EvaluatedTask, EvaluationTask, Row, score_model
from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_library import Model
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.filling import clean
from CraNeXtLib.core.files.lock import LockedError, locked
from CraNeXtLib.core.files.text import json_text, read_text, write_text
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.datasets.manifest import check_files
from CraNeXtLib.datasets.skull_pair import load_case
from CraNeXtLib.evaluation.checklist import check
from CraNeXtLib.geometry.volume_files import write_volume
from CraNeXtLib.training.experiments.config import ExperimentConfig, experiments_as_yaml
from CraNeXtLib.training.experiments.data import Data, manifest_of
from CraNeXtLib.training.experiments.design import PCA_SKULL_OFFICIAL, Cell
from CraNeXtLib.training.runs.run_folder import is_first_process

FORMAT_VERSION = 1


@dataclass(frozen=True, eq=False)
class Experiments:
    """Experiments with a folder.

    Attributes:
        config: Their settings.
        out: Their folder.
        data: Their data sets.
    """

    config: ExperimentConfig
    out: Path
    data: Data

    @classmethod
    def start(cls, config: ExperimentConfig, out: str | Path) -> Experiments:
        """Read the data sets, and write configuration and manifests into the folder, unless they are there already.

        Raises:
            InputError: If the data sets cannot be used, a cell's network or model cannot work, or the folder holds
                experiments of another configuration.
        """
        out, data = Path(out).absolute(), Data.read(config)
        check_files(test.case for test in data.test_cases())
        for part in (out, out / "data"):
            clean(part)
        file, text = out / "experiments.yaml", experiments_as_yaml(config)
        if not file.is_file():
            _check_cells(config)
            write_text(file, text)
        elif read_text(file) != text:
            raise InputError(f"The experiments in {out} have another configuration; continue with {file} as CONFIG.")
        data.write(out)
        return cls(config, out, data)

    def folder_of(self, cell: Cell) -> Path:
        """Return the folder of a cell."""
        return self.out / "cells" / cell.name

    def is_done(self, cell: Cell) -> bool:
        """Tell whether a cell has been trained and tested."""
        return (self.folder_of(cell) / "cell.json").is_file()

    def run(self, cell: Cell, progress: ProgressCallback | None = None) -> bool:
        """Train a cell's model and test it. Whatever was finished before a stop is not repeated.

        The cell's folder gets ``training`` or ``model``, ``cases`` (a JSON file for each), ``implants`` and finally
        ``cell.json``, which has everything that the tables need. If there are several processes, all of them train and
        the first one tests.

        Args:
            cell: The cell.
            progress: Called with the stage and the fraction done; may raise to stop.

        Returns:
            Whether there was anything to do.

        Raises:
            InputError: If another process runs the cell, the cell that it starts from is not done, or the data or
                settings cannot be used.
        """
        folder = self.folder_of(cell)
        for part in (folder, folder / "implants"):
            clean(part)
        if self.is_done(cell):
            return False
        report = progress or (lambda _stage, _fraction: None)
        folder.mkdir(parents=True, exist_ok=True)
        if not is_first_process():
            if cell.trained:
                self._model_of(cell, report)
            return True
        try:
            with locked(folder / "cell.lock"):
                if self.is_done(cell):
                    return False
                start = time.perf_counter()
                model = self._model_of(cell, lambda stage, part: report(f"{cell.name}: {stage}", 0.8 * part))
                made = time.perf_counter() - start
                rows = self._tested(cell, model, report)
                description = {
                    "format": "cranext-experiment-cell",
                    "version": FORMAT_VERSION,
                    "cell": asdict(cell),
                    "model": {"name": model.name, "sha256": model.sha256, **size_of(model)},
                    "seconds": {"making": round(made, 1), "testing": round(time.perf_counter() - start - made, 1)},
                    "cases": rows,
                }
                write_text(folder / "cell.json", json_text(description))
        except LockedError as error:
            raise InputError(f"Another process is running the cell {cell.name}; wait for it to finish.") from error
        return True

    def _model_of(self, cell: Cell, progress: ProgressCallback) -> Model:
        """Return the cell's model, and train it if it does not exist yet."""
        if cell.model:
            return model_library.find(cell.model)
        folder = self.folder_of(cell)
        if not cell.trained:
            if not (folder / "model" / "model.json").is_file():
                self._fit(cell, folder / "model", progress)
            return model_library.find(folder / "model")
        start_from = ""
        if cell.start_from:
            cells = self.config.cells()
            number = [other.name for other in cells].index(cell.start_from)
            if not self.is_done(cells[number]):
                raise InputError(
                    f"{cell.name} starts from {cell.start_from}, which is not done; run cell {number} first."
                )
            start_from = str(self.folder_of(cells[number]) / "training" / "model")
        from CraNeXtLib.training.train import train

        manifest, cache = str(manifest_of(self.out, cell.data)), str(self.out / "cache")
        training = self.config.training_of(cell, manifest, cache, start_from)
        return model_library.find(train(training, folder / "training", resume=True, progress=progress))

    def _fit(self, cell: Cell, folder: Path, progress: ProgressCallback) -> None:
        """Fit a shape model to the complete skulls of the training cases, each skull once."""
        from CraNeXtLib.anatomy.head.template import load_template
        from CraNeXtLib.training.shape_model import fit, make, official

        cases, name = self.data.of(cell.data), self.config.names[cell.data]
        skulls = {case.skull: case for case in cases if case.split == "training"}
        complete = (load_case(case).complete for case in skulls.values())
        if cell.system == PCA_SKULL_OFFICIAL:
            settings = self.config.pca_skull_official
            official.fit(complete, folder, data=name, progress=progress, **settings)
            return
        template = load_template()
        template = template.with_voxels(template.voxels > 0)
        model = fit.fit(complete, template, progress=lambda words: progress(words, 0.5))
        make.write_model(folder, model, cases=cases, data=name, licence="as the data demand")

    def _tested(self, cell: Cell, model: Model, progress: ProgressCallback) -> list[Row]:
        """Return a row for each test case, and write the implants."""
        folder, tests = self.folder_of(cell), {test.name: test for test in self.data.test_cases()}

        def keep(evaluated: EvaluatedTask) -> Row:
            implant, pair = evaluated.implant, evaluated.pair
            write_volume(implant, folder / "implants" / f"{evaluated.task.name}.nrrd")
            criteria = check(implant, pair.defective, pair.implant).criteria if implant.voxels.any() else ()
            return {
                "dataset": tests[evaluated.task.name].dataset,
                "criteria": {criterion.name: criterion.passed for criterion in criteria},
            }

        return score_model(
            model,
            [EvaluationTask.of(test.case, name) for name, test in tests.items()],
            device=self.config.device,
            postprocessing=self.config.postprocessing if cell.trained else None,
            folder=folder / "cases",
            on_evaluated=keep,
            progress=lambda words, part: progress(f"{cell.name}: {words}", 0.8 + 0.2 * part),
        )


def _check_cells(config: ExperimentConfig) -> None:
    """Refuse settings that would stop the last cell after days in which the others were trained."""
    from CraNeXtLib.training.module import check_network

    for cell in config.cells():
        try:
            if cell.model:
                model_library.find(cell.model)
            elif cell.trained:
                check_network(config.training_of(cell, "", ""))
        except InputError as error:
            raise InputError(f"{cell.name}: {error}") from error


def size_of(model: Model) -> dict[str, int]:
    """Return the number of values in a model's weights, and the size of the file in bytes."""
    from safetensors import safe_open

    with safe_open(model.weights, "np") as file:
        shapes = [file.get_slice(key).get_shape() for key in file.keys()]  # noqa: SIM118
    return {"parameters": sum(int(np.prod(shape)) for shape in shapes), "bytes": model.weights.stat().st_size}
