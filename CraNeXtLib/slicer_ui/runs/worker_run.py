"""Work in a child process whose result goes into nodes of a scene."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypedDict

import slicer

from CraNeXtLib.core.errors import CancelledError, CraNeXtError
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.slicer_ui.host import host
from CraNeXtLib.slicer_ui.runs.interpreters import worker_python
from CraNeXtLib.slicer_ui.scene.node_masks import NodeMask, with_node_names
from CraNeXtLib.slicer_ui.translation import _

_POLL_INTERVAL_MS = 100


class RunOptions(TypedDict, total=False):
    """The keyword arguments that every run accepts; see :class:`WorkerRun`."""

    python: str | Path | None
    progress: ProgressCallback | None
    ended: Callable[[Any], None] | None


class WorkerRun:
    """Base class of a job in the worker whose result is put into the scene.

    The scene changes only if the job succeeds, not if it fails, is cancelled, or the scene is closed meanwhile. Errors
    and warnings name the nodes of ``_masks`` instead of the files that the worker gets.

    Args:
        scene: The scene of the input, which receives the result.
        python: Python interpreter to use instead of the one chosen under “Environment”, see
            :func:`CraNeXtLib.slicer_ui.runs.interpreters.worker_python`.
        progress: Called with the stage and the overall fraction, 0 to 1.
        ended: Called once with this run when it ends, however it ends.

    Raises:
        InputError: If the interpreter does not exist.
    """

    _masks: Mapping[str, NodeMask] = MappingProxyType({})

    def __init__(
        self,
        scene: Any,
        *,
        python: str | Path | None = None,
        progress: ProgressCallback | None = None,
        ended: Callable[[Any], None] | None = None,
    ) -> None:
        self._python = python
        self._progress = progress
        self._ended = ended
        self._error: BaseException | None = None
        self._cancelled = False
        self.finished = False
        self._scene = scene
        self._unfollow: Callable[[], None] | None = None
        self._folder = tempfile.TemporaryDirectory(
            prefix="cranext-", dir=host().temporary_path, ignore_cleanup_errors=True
        )
        try:
            self._job = self._start(Path(self._folder.name))
        except BaseException:
            self._folder.cleanup()
            raise
        self._observer = self._scene.AddObserver(slicer.vtkMRMLScene.StartCloseEvent, lambda *_args: self.cancel())

    def _start(self, folder: Path) -> Job:
        """Write the input into a temporary folder and start a job that writes its result to ``result`` in it."""
        raise NotImplementedError

    def _start_job(self, task: str, arguments: dict[str, Any]) -> Job:
        """Start a task of the worker in the run's interpreter."""
        interpreter, environment = worker_python(self._python)
        return Job(task, arguments, python=interpreter, environment=environment)

    def _deliver(self, folder: Path) -> None:
        """Put the job's result, written to a folder, into the scene."""
        raise NotImplementedError

    @property
    def log(self) -> str:
        """Last lines of the worker's output, for a bug report."""
        return self._job.log

    def follow(self) -> None:
        """Start polling in the application's event loop, which keeps it responsive."""
        if self._unfollow is None:
            self._unfollow = host().repeat(_POLL_INTERVAL_MS, self.poll)

    def poll(self) -> bool:
        """Report progress, fill the nodes when the job is done, and return whether the run has ended."""
        if not self.finished and self._job.poll(self._progress):
            self._finish()
        return self.finished

    def cancel(self) -> None:
        """Stop the job, which may take seconds; returns at once. The scene stays as it is."""
        self._cancelled = True
        self._job.cancel()

    def go(self, *, wait: bool) -> Any:
        """Wait for the end, see :meth:`wait`, or let the event loop continue the run; returns this run."""
        if wait:
            self.wait()
        else:
            self.follow()
        return self

    def wait(self) -> None:
        """Wait for the end of the run. A CancelledError raised by ``progress`` cancels it.

        Raises:
            CraNeXtError: If the worker rejected the input, or the run was cancelled.
            RuntimeError: If the worker failed in another way.
        """
        try:
            self._job.wait(self._progress)
        except CancelledError:
            raise
        except CraNeXtError:
            pass  # it is raised below, with the names of nodes
        finally:
            self.poll()
        self.raise_error()

    def raise_error(self) -> None:
        """Raise the error of a finished run, if any; see :meth:`wait`."""
        if self._error is not None:
            raise self._error

    def _told(self, warnings: Iterable[str]) -> list[str]:
        """Return the worker's warnings with the names of nodes."""
        return [with_node_names(warning, self._masks) for warning in warnings]

    def _output(self, node: Any, class_name: str, name: str) -> Any:
        """Return the node to fill, or a new one if there is none or it was deleted meanwhile."""
        if node is None or node.GetScene() is None:
            return self._scene.AddNewNodeByClass(class_name, name)
        return node

    def _finish(self) -> None:
        self.finished = True
        if self._unfollow is not None:
            self._unfollow()
        self._scene.RemoveObserver(self._observer)
        try:
            self._job.result()
            if self._cancelled:  # the job had already finished
                raise CancelledError(_("Cancelled."))
            self._deliver(Path(self._folder.name) / "result")
        except CraNeXtError as error:
            error.args = (with_node_names(str(error), self._masks),)
            self._error = error
        except Exception as error:
            self._error = error
        finally:
            self._folder.cleanup()
        if self._ended is not None:
            self._ended(self)
