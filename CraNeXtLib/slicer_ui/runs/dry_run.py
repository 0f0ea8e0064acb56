"""A few steps of a training, to see whether it fits and how long it takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer

from CraNeXtLib.core.files.text import json_text
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.slicer_ui.runs.interpreters import worker_python
from CraNeXtLib.slicer_ui.runs.training_settings import TrainingSettings
from CraNeXtLib.slicer_ui.runs.worker_run import WorkerRun


class DryRun(WorkerRun):
    """A worker that tries the settings; nothing goes into the scene.

    Args:
        settings: What would be done.
        cache: Folder of the run, where the case that is prepared for this serves later.
        python: The interpreter to use, see :func:`CraNeXtLib.slicer_ui.runs.interpreters.worker_python`.
        progress: Told the stage and the fraction of the whole.
        ended: Called once with this run when it has ended, one way or another.

    Raises:
        InputError: If a setting cannot be used.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        cache: str | Path,
        *,
        python: str | Path | None = None,
        progress: ProgressCallback | None = None,
        ended: Callable[[DryRun], None] | None = None,
    ) -> None:
        self.cost: dict[str, Any] | None = None
        """What it would cost, see ``CraNeXtLib.training.dry_run.DryRun``."""
        self._values = settings.values()
        self._cache = Path(cache)
        self._python = python
        super().__init__(slicer.mrmlScene, progress=progress, ended=ended)

    def _start(self, folder: Path) -> Job:
        config = folder / "settings.yaml"
        config.write_text(json_text(self._values), encoding="utf-8")
        interpreter, environment = worker_python(self._python)
        arguments = {"config": str(config), "cache": str(self._cache)}
        return Job("dry_run", arguments, python=interpreter, environment=environment)

    def _deliver(self, _folder: Path) -> None:
        self.cost = self._job.result()
