"""A training run in a folder, monitored from Slicer, which may be closed meanwhile."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer

from CraNeXtLib.core.errors import CancelledError, InputError
from CraNeXtLib.slicer_ui.host import host
from CraNeXtLib.slicer_ui.runs.interpreters import worker_python
from CraNeXtLib.slicer_ui.runs.training_settings import TrainingSettings
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.training.runs.background import last_lines, resume_in_background, start_in_background
from CraNeXtLib.training.runs.curves import Curve, read_curves
from CraNeXtLib.training.runs.known_runs import remember_run
from CraNeXtLib.training.runs.run_folder import MODEL, RunState, read_state, request_stop, write_state

_POLL_INTERVAL_MS = 1000


class TrainingRun:
    """A run that any process may have started; all information about it is in its folder.

    Args:
        folder: Folder of the run.
        changed: Called with this run whenever it has changed, while it is followed.
    """

    def __init__(self, folder: str | Path, *, changed: Callable[[TrainingRun], None] | None = None) -> None:
        self.folder = Path(folder).absolute()
        self._changed = changed
        self._process: subprocess.Popen[bytes] | None = None
        self._unfollow: Callable[[], None] | None = None
        self._seen: Any = None
        self.state = read_state(self.folder)

    def start(self, settings: TrainingSettings, *, python: str | Path | None = None) -> None:
        """Start training in a background process that continues when Slicer is closed.

        Args:
            settings: Settings of the training.
            python: Path of a Python with the packages for training, to use instead of Slicer's.

        Raises:
            InputError: If a setting or the folder cannot be used.
        """
        values = settings.values()
        interpreter, environment = worker_python(python)
        self._process = start_in_background(values, self.folder, python=interpreter, environment=environment)
        remember_run(self.folder)
        self.poll()

    def resume(self, *, python: str | Path | None = None) -> None:
        """Continue from the last checkpoint.

        Raises:
            InputError: If there is no run that can be resumed.
        """
        interpreter, environment = worker_python(python)
        self._process = resume_in_background(self.folder, python=interpreter, environment=environment)
        remember_run(self.folder)
        self.poll()

    def stop(self) -> None:
        """Ask the run to stop after saving a checkpoint; returns at once.

        Raises:
            InputError: If the folder cannot be written to.
        """
        if self.state.is_active:
            request_stop(self.folder)
            self.poll()

    @property
    def curves(self) -> dict[str, Curve]:
        """Loss and scores by name, one value per epoch."""
        return read_curves(self.folder)

    @property
    def log(self) -> str:
        """Last lines of the run's output."""
        return "\n".join(last_lines(self.folder))

    @property
    def model(self) -> Path | None:
        """Folder of the trained model, None if there is none yet."""
        folder = self.folder / MODEL
        return folder if (folder / "model.json").is_file() else None

    def poll(self) -> bool:
        """Update the state, call ``changed`` if the run has changed, and return whether it is still running."""
        self.state = self._read_state()
        seen = (self.state, self._log_size(), self.model)
        if seen != self._seen:
            self._seen = seen
            if self._changed is not None:
                self._changed(self)
        return self.state.is_active

    def follow(self) -> None:
        """Start polling in the event loop, even after the run has ended: another process may resume it."""
        if self._unfollow is None:
            self._unfollow = host().repeat(_POLL_INTERVAL_MS, self.poll)
            self.poll()

    def unfollow(self) -> None:
        """Stop polling; the run itself continues."""
        if self._unfollow is not None:
            self._unfollow()
            self._unfollow = None

    def wait(self, progress: Callable[[str, float], None] | None = None) -> Path:
        """Wait for the end of the run, in a script. An exception in ``progress`` stops the run.

        Args:
            progress: Called with the stage and the overall fraction, 0 to 1.

        Returns:
            The folder of the model.

        Raises:
            CancelledError: If the run was stopped.
            RuntimeError: If it failed.
        """
        while self.poll():
            slicer.app.processEvents()
            try:
                if progress is not None:
                    progress(self.state.stage, self.state.fraction)
            except BaseException:
                self.stop()
                raise
            time.sleep(0.1)
        if self.state.status == "stopped":
            raise CancelledError(_("The run was stopped. It can be resumed."))
        if self.state.status != "done" or self.model is None:
            raise RuntimeError(self.state.message or self.log)
        return self.model

    def _read_state(self) -> RunState:
        state = read_state(self.folder)
        if self._process is None or self._process.poll() is None:
            return state
        if state.status == "starting":  # it ended before it could record why, for example because a package is missing
            lines = last_lines(self.folder, 1) or [_("The process ended with exit status {status}.")]
            state = RunState(status="failed", message=lines[0].format(status=self._process.returncode))
            try:
                write_state(self.folder, state)
            except InputError:
                return state
        self._process = None
        return state

    def _log_size(self) -> int:
        try:
            return (self.folder / "log.txt").stat().st_size
        except OSError:
            return 0
