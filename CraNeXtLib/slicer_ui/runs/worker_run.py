"""Work in a child process that ends in nodes of a scene."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer

from CraNeXtLib.core.errors import CancelledError
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.slicer_ui.translation import _

_POLL_INTERVAL_MS = 100


class WorkerRun:
    """A job of the worker, and what becomes of its result; subclasses say what that is.

    Nothing in the scene changes before the work has succeeded, and nothing at all if it is cancelled, if it fails, or
    if the scene is closed meanwhile.

    Args:
        scene: The scene of the input, which gets the result.
        progress: Told the stage and the fraction of the whole.
        ended: Called once with this run when it has ended, one way or another.
    """

    def __init__(
        self,
        scene: Any,
        *,
        progress: ProgressCallback | None = None,
        ended: Callable[[Any], None] | None = None,
    ) -> None:
        self._progress = progress
        self._ended = ended
        self._error: BaseException | None = None
        self._cancelled = False
        self.finished = False
        self._scene = scene
        self._timer = None
        self._folder = tempfile.TemporaryDirectory(
            prefix="cranext-", dir=slicer.app.temporaryPath, ignore_cleanup_errors=True
        )
        try:
            self._job = self._start(Path(self._folder.name))
        except BaseException:
            self._folder.cleanup()
            raise
        self._observer = self._scene.AddObserver(slicer.vtkMRMLScene.StartCloseEvent, lambda *_args: self.cancel())

    def _start(self, folder: Path) -> Job:
        """Write the input into a temporary folder and start the job, which puts its result into ``result`` there."""
        raise NotImplementedError

    def _deliver(self, folder: Path) -> None:
        """Put what the finished job wrote into the folder into the scene."""
        raise NotImplementedError

    @property
    def log(self) -> str:
        """The last lines that the worker wrote, for a bug report."""
        return self._job.log

    def follow(self) -> None:
        """Poll from Qt's event loop from now on, so that Slicer stays usable."""
        import qt

        if self._timer is not None:
            return
        self._timer = qt.QTimer()
        self._timer.setInterval(_POLL_INTERVAL_MS)
        self._timer.connect("timeout()", self.poll)
        self._timer.start()

    def poll(self) -> bool:
        """Pass on progress, fill the nodes when the work is done, and return whether the run has ended."""
        if not self.finished and self._job.poll(self._progress):
            self._finish()
        return self.finished

    def cancel(self) -> None:
        """Stop the work, which takes seconds; the scene stays as it is. Returns at once."""
        self._cancelled = True
        self._job.cancel()

    def go(self, *, wait: bool) -> Any:
        """Wait for the end, see :meth:`wait`, or let the event loop go on with the work; returns this run."""
        if wait:
            self.wait()
        else:
            self.follow()
        return self

    def wait(self) -> None:
        """Wait for the end; a CancelledError raised by ``progress`` cancels.

        Raises:
            CraNeXtError: What the worker found wrong, or that it was cancelled.
            RuntimeError: If the worker failed otherwise.
        """
        try:
            self._job.wait(self._progress)
        finally:
            self.poll()
        self.raise_error()

    def raise_error(self) -> None:
        """Raise what ended a finished run early, if anything did; see :meth:`wait`."""
        if self._error is not None:
            raise self._error

    def _output(self, node: Any, class_name: str, name: str) -> Any:
        """Return the node to fill, or a new one of the name if there is none or it was deleted meanwhile."""
        if node is None or node.GetScene() is None:
            return self._scene.AddNewNodeByClass(class_name, name)
        return node

    def _finish(self) -> None:
        self.finished = True
        if self._timer is not None:
            self._timer.stop()
        self._scene.RemoveObserver(self._observer)
        try:
            self._job.result()
            if self._cancelled:  # too late for the worker to notice
                raise CancelledError(_("Cancelled."))
            self._deliver(Path(self._folder.name) / "result")
        except Exception as error:
            self._error = error
        finally:
            self._folder.cleanup()
        if self._ended is not None:
            self._ended(self)
