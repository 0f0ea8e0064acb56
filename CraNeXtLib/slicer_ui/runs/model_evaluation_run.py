"""The evaluation of a model on a data set's split, from its start until its table is filled."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer

from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.slicer_ui.runs.interpreters import worker_python
from CraNeXtLib.slicer_ui.runs.worker_run import WorkerRun
from CraNeXtLib.slicer_ui.scene.training_nodes import fill_scores
from CraNeXtLib.slicer_ui.translation import _


class ModelEvaluationRun(WorkerRun):
    """A worker that reconstructs and measures every case, and the table of the measures.

    The implants and tables stay in the folder, so that an evaluation that was cancelled goes on where it was.

    Args:
        model: Name or folder of the model.
        manifest: File of the data set.
        out: Folder for the results.
        table: Table node to fill; None for a new one.
        split: ``"training"``, ``"validation"`` or ``"test"``.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        python: The interpreter to use, see :func:`CraNeXtLib.slicer_ui.runs.interpreters.worker_python`.
        progress: Told the stage and the fraction of the whole.
        ended: Called once with this run when it has ended, one way or another.
    """

    def __init__(
        self,
        model: str | Path,
        manifest: str | Path,
        out: str | Path,
        table: Any = None,
        *,
        split: str = "test",
        device: str = "auto",
        python: str | Path | None = None,
        progress: ProgressCallback | None = None,
        ended: Callable[[ModelEvaluationRun], None] | None = None,
    ) -> None:
        self.table = table
        self.description: dict[str, Any] | None = None
        """The content of ``cohort.json``."""
        self.out = Path(out).absolute()
        self._arguments = {
            "model": str(model),
            "manifest": str(Path(manifest).absolute()),
            "out": str(self.out),
            "split": split,
            "device": device,
        }
        self._python = python
        super().__init__(slicer.mrmlScene, progress=progress, ended=ended)

    def _start(self, _folder: Path) -> Job:
        interpreter, environment = worker_python(self._python)
        return Job("evaluate_model", self._arguments, python=interpreter, environment=environment)

    def _deliver(self, _folder: Path) -> None:
        from CraNeXtLib.completion import model_library
        from CraNeXtLib.evaluation.cohort_tables import read_rows

        description = json.loads((self.out / "cohort.json").read_text(encoding="utf-8"))
        model = model_library.find(self._arguments["model"]).name
        name = _("{model} on {split}").format(model=model, split=self._arguments["split"])
        self.table = self._output(self.table, "vtkMRMLTableNode", name)
        fill_scores(self.table, read_rows(self.out / "cases.csv"), description)
        self.description = description
