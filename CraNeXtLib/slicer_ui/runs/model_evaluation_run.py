"""Evaluation of a model on a split of a data set, from the start of the worker to the filled table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.slicer_ui.host import host
from CraNeXtLib.slicer_ui.runs.worker_run import RunOptions, WorkerRun
from CraNeXtLib.slicer_ui.scene.training_nodes import fill_scores
from CraNeXtLib.slicer_ui.translation import _

if TYPE_CHECKING:
    from typing_extensions import Unpack


class ModelEvaluationRun(WorkerRun):
    """A worker that reconstructs and evaluates every case, and the table of the scores.

    Implants and tables are kept in the folder, so a cancelled evaluation continues where it stopped.

    Args:
        model: Name or folder of the model.
        manifest: The data set's manifest.
        out: Folder of the results.
        table: Table node to fill; None for a new one.
        split: ``"training"``, ``"validation"`` or ``"test"``.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        options: Options of :class:`CraNeXtLib.slicer_ui.runs.worker_run.WorkerRun`.
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
        **options: Unpack[RunOptions],
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
        super().__init__(host().scene, **options)

    def _start(self, _folder: Path) -> Job:
        return self._start_job("evaluate_model", self._arguments)

    def _deliver(self, _folder: Path) -> None:
        from CraNeXtLib.completion import model_library
        from CraNeXtLib.evaluation.cohort_tables import read_rows

        description = json.loads((self.out / "cohort.json").read_text(encoding="utf-8"))
        model = model_library.find(self._arguments["model"]).name
        name = _("{model} on {split}").format(model=model, split=self._arguments["split"])
        self.table = self._output(self.table, "vtkMRMLTableNode", name)
        fill_scores(self.table, read_rows(self.out / "cases.csv"), description)
        self.description = description
