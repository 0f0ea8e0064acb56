"""Import of a model into the user's model folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.slicer_ui.host import host
from CraNeXtLib.slicer_ui.runs.worker_run import RunOptions, WorkerRun

if TYPE_CHECKING:
    from typing_extensions import Unpack


class ModelImportRun(WorkerRun):
    """A worker that checks a model and copies it into the user's model folder; it changes nothing in the scene.

    Args:
        source: A model folder or a checkpoint.
        name: New name of the model; None to keep its own.
        options: Options of :class:`CraNeXtLib.slicer_ui.runs.worker_run.WorkerRun`.
    """

    def __init__(
        self,
        source: str | Path,
        *,
        name: str | None = None,
        **options: Unpack[RunOptions],
    ) -> None:
        self.name = ""
        """Name of the imported model."""
        self._arguments = {"source": str(source), "name": name}
        super().__init__(host().scene, **options)

    def _start(self, _folder: Path) -> Job:
        return self._start_job("import_model", self._arguments)

    def _deliver(self, _folder: Path) -> None:
        self.name = self._job.result()["name"]
