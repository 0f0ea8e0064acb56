"""Adding a model to those that can be chosen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import slicer

from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.slicer_ui.runs.interpreters import worker_python
from CraNeXtLib.slicer_ui.runs.worker_run import WorkerRun


class ModelImportRun(WorkerRun):
    """A worker that checks a model and copies it into the user's folder; nothing goes into the scene.

    Args:
        source: A model folder or a checkpoint.
        name: What to call it; None for its own name.
        python: The interpreter to use, see :func:`CraNeXtLib.slicer_ui.runs.interpreters.worker_python`.
        progress: Told the stage and the fraction of the whole.
        ended: Called once with this run when it has ended, one way or another.
    """

    def __init__(
        self,
        source: str | Path,
        *,
        name: str | None = None,
        python: str | Path | None = None,
        progress: ProgressCallback | None = None,
        ended: Callable[[ModelImportRun], None] | None = None,
    ) -> None:
        self.name = ""
        """What the model is called now."""
        self._arguments = {"source": str(source), "name": name}
        self._python = python
        super().__init__(slicer.mrmlScene, progress=progress, ended=ended)

    def _start(self, _folder: Path) -> Job:
        interpreter, environment = worker_python(self._python)
        return Job("import_model", self._arguments, python=interpreter, environment=environment)

    def _deliver(self, _folder: Path) -> None:
        self.name = self._job.result()["name"]
