"""One reconstruction of a skull in the scene, from its start until its nodes are filled."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer

from CraNeXtLib.errors import CancelledError
from CraNeXtLib.jobs import Job
from CraNeXtLib.slicer_ui.implant_nodes import (
    check_holds_voxels,
    fill_model,
    fill_segmentation,
    place_beside,
    read_result,
    reference_to_image,
)
from CraNeXtLib.slicer_ui.interpreters import worker_python
from CraNeXtLib.slicer_ui.scene_volumes import skull_of, write_mask
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.stages import ProgressCallback

_POLL_INTERVAL_MS = 100


class ImplantRun:
    """A worker that reconstructs a skull, and the nodes that its result goes into.

    Nothing in the scene changes before the work has succeeded, and nothing at all if it is cancelled, if it fails, or
    if the scene is closed meanwhile. A node that was deleted meanwhile does no harm: an output is made anew.

    Args:
        node: Segmentation or labelmap volume of the defective skull.
        segmentation: Segmentation node to fill; None for a new one.
        model: Model node to fill with the implant's surface; None for a new one.
        segment_id: The skull's segment, if there are several.
        settings: Of :class:`CraNeXtLib.cases.CaseSettings`, those that differ from the default.
        python: The interpreter to use, see :func:`CraNeXtLib.slicer_ui.interpreters.worker_python`.
        progress: Told the stage and the fraction of the whole.
        ended: Called once with this run when it has ended, one way or another.

    Raises:
        InputError: If the input or the segmentation to fill cannot be used.
    """

    def __init__(
        self,
        node: Any,
        segmentation: Any = None,
        model: Any = None,
        *,
        segment_id: str | None = None,
        settings: dict[str, Any],
        python: str | Path | None = None,
        progress: ProgressCallback | None = None,
        ended: Callable[[ImplantRun], None] | None = None,
    ) -> None:
        self.segmentation = segmentation
        self.model = model
        self.description: dict[str, Any] | None = None
        self._input = node
        self._skull = skull_of(node, segment_id)
        if segmentation is not None:
            check_holds_voxels(segmentation)
        self._name = node.GetName()
        self._segment_id = segment_id
        self._progress = progress
        self._ended = ended
        self._error: BaseException | None = None
        self._cancelled = False
        self.finished = False
        self._scene = node.GetScene() or slicer.mrmlScene
        self._timer = None
        self._folder = tempfile.TemporaryDirectory(
            prefix="cranext-", dir=slicer.app.temporaryPath, ignore_cleanup_errors=True
        )
        try:
            self._job = self._start(settings, python)
        except BaseException:
            self._folder.cleanup()
            raise
        self._observer = self._scene.AddObserver(slicer.vtkMRMLScene.StartCloseEvent, lambda *_args: self.cancel())

    @property
    def log(self) -> str:
        """The last lines that the worker wrote, for a bug report."""
        return self._job.log

    def follow(self) -> None:
        """Poll from Qt's event loop from now on, so that Slicer stays usable."""
        import qt

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

    def _start(self, settings: dict[str, Any], python: str | Path | None) -> Job:
        skull = Path(self._folder.name) / "skull.nrrd"
        write_mask(self._skull, skull)
        arguments = {"skull": str(skull), "out": str(self._out), "settings": settings | {"report": False}}
        interpreter, environment = worker_python(python)
        return Job("reconstruct", arguments, python=interpreter, environment=environment)

    @property
    def _out(self) -> Path:
        return Path(self._folder.name) / "result"

    def _finish(self) -> None:
        self.finished = True
        if self._timer is not None:
            self._timer.stop()
        self._scene.RemoveObserver(self._observer)
        try:
            self._deliver()
        except Exception as error:
            self._error = error
        finally:
            self._folder.cleanup()
        if self._ended is not None:
            self._ended(self)

    def _deliver(self) -> None:
        self._job.result()
        if self._cancelled:  # too late for the worker to notice
            raise CancelledError(_("Cancelled."))
        result = read_result(self._out)
        del result.description["input"]["path"]  # of a temporary file
        result.description["input"] |= {"node": self._name, "segment": self._segment_id}
        self.segmentation = self._output(
            self.segmentation, "vtkMRMLSegmentationNode", _("{name} reconstruction").format(name=self._name)
        )
        self.model = self._output(self.model, "vtkMRMLModelNode", _("{name} implant").format(name=self._name))
        fill_segmentation(self.segmentation, self._skull, result)
        fill_model(self.model, result)
        if self._input.GetScene() is self._scene:
            for node in (self.segmentation, self.model):
                place_beside(node, self._input)
            reference_to_image(self.segmentation, self._input)
        self.description = result.description

    def _output(self, node: Any, class_name: str, name: str) -> Any:
        if node is None or node.GetScene() is None:
            return self._scene.AddNewNodeByClass(class_name, name)
        return node
