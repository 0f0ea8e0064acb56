"""Examination of the worker's Python in a process of its own, so that Slicer's process never loads torch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer

from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.slicer_ui.runs.worker_run import WorkerRun


class ExaminationRun(WorkerRun):
    """A worker that examines its own Python; when it has finished, ``found`` is the result of ``environment.examine``.

    Raises:
        InputError: If the chosen Python does not exist.
    """

    def __init__(self, ended: Callable[[ExaminationRun], None]) -> None:
        self.found: dict[str, Any] = {}
        super().__init__(slicer.mrmlScene, ended=ended)

    def _start(self, _folder: Path) -> Job:
        return self._start_job("examine", {})

    def _deliver(self, _folder: Path) -> None:
        self.found = self._job.result()
