"""The check of a data set, from its start until its table is filled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.slicer_ui.runs.interpreters import worker_python
from CraNeXtLib.slicer_ui.runs.worker_run import WorkerRun
from CraNeXtLib.slicer_ui.scene.training_nodes import fill_problems
from CraNeXtLib.slicer_ui.translation import _


class DatasetCheckRun(WorkerRun):
    """A worker that reads every case of a data set, and the table of what it found.

    Args:
        manifest: File of the data set.
        table: Table node to fill; None for a new one.
        python: The interpreter to use, see :func:`CraNeXtLib.slicer_ui.runs.interpreters.worker_python`.
        progress: Told the stage and the fraction of the whole.
        ended: Called once with this run when it has ended, one way or another.

    Raises:
        InputError: If there is no such file.
    """

    def __init__(
        self,
        manifest: str | Path,
        table: Any = None,
        *,
        python: str | Path | None = None,
        progress: ProgressCallback | None = None,
        ended: Callable[[DatasetCheckRun], None] | None = None,
    ) -> None:
        self.table = table
        self.description: dict[str, Any] | None = None
        self._manifest = Path(manifest)
        self._python = python
        if not self._manifest.is_file():
            raise InputError(_("There is no data set at {path}.").format(path=manifest))
        super().__init__(slicer.mrmlScene, progress=progress, ended=ended)

    def _start(self, _folder: Path) -> Job:
        interpreter, environment = worker_python(self._python)
        arguments = {"manifest": str(self._manifest.absolute())}
        return Job("check_dataset", arguments, python=interpreter, environment=environment)

    def _deliver(self, _folder: Path) -> None:
        description = self._job.result()
        name = _("{name} check").format(name=self._manifest.stem)
        self.table = self._output(self.table, "vtkMRMLTableNode", name)
        fill_problems(self.table, description | {"manifest": str(self._manifest.absolute())})
        self.description = description
