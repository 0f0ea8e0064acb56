"""A few training steps, to measure memory and time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from CraNeXtLib.core.files.text import json_text
from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.slicer_ui.host import host
from CraNeXtLib.slicer_ui.runs.training_settings import TrainingSettings
from CraNeXtLib.slicer_ui.runs.worker_run import RunOptions, WorkerRun

if TYPE_CHECKING:
    from typing_extensions import Unpack


class DryRun(WorkerRun):
    """A worker that tries out training settings; it changes nothing in the scene.

    Args:
        settings: Settings of the training.
        cache: The run's cache folder, from which the training will reuse the prepared cases.
        options: Options of :class:`CraNeXtLib.slicer_ui.runs.worker_run.WorkerRun`.

    Raises:
        InputError: If a setting cannot be used.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        cache: str | Path,
        **options: Unpack[RunOptions],
    ) -> None:
        self.cost: dict[str, Any] = {}
        """What it would cost, see ``CraNeXtLib.training.dry_run.DryRun``."""
        self._values = settings.values()
        self._cache = Path(cache)
        super().__init__(host().scene, **options)

    def _start(self, folder: Path) -> Job:
        config = folder / "settings.yaml"
        config.write_text(json_text(self._values), encoding="utf-8")
        arguments = {"config": str(config), "cache": str(self._cache)}
        return self._start_job("dry_run", arguments)

    def _deliver(self, _folder: Path) -> None:
        self.cost = self._job.result()
