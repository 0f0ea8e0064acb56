"""Looking at the Python that computes from outside, in a process of its own, so that torch is never loaded here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer

from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.slicer_ui.runs.interpreters import worker_python
from CraNeXtLib.slicer_ui.runs.worker_run import WorkerRun


class ExaminationRun(WorkerRun):
    """A worker that tells what its Python has; ``found`` of a finished one is the answer of ``doctor.examine``.

    Raises:
        InputError: If the Python that was chosen is not there.
    """

    def __init__(self, ended: Callable[[ExaminationRun], None]) -> None:
        self.found: dict[str, Any] | None = None
        super().__init__(slicer.mrmlScene, ended=ended)

    def _start(self, _folder: Path) -> Job:
        interpreter, environment = worker_python()
        return Job("examine", {}, python=interpreter, environment=environment)

    def _deliver(self, _folder: Path) -> None:
        self.found = self._job.result()
