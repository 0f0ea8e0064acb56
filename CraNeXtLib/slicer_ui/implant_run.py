"""One reconstruction of a skull in the scene, from its start until its nodes are filled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer

from CraNeXtLib.jobs import Job
from CraNeXtLib.slicer_ui.implant_nodes import fill_model, fill_segmentation, read_result
from CraNeXtLib.slicer_ui.interpreters import worker_python
from CraNeXtLib.slicer_ui.result_nodes import check_holds_voxels, place_beside, reference_to_image
from CraNeXtLib.slicer_ui.scene_volumes import mask_of, write_mask
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.worker_run import WorkerRun
from CraNeXtLib.stages import ProgressCallback


class ImplantRun(WorkerRun):
    """A worker that reconstructs a skull, and the nodes that its result goes into.

    A node that was deleted meanwhile does no harm: an output is made anew.

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
        self._skull = mask_of(node, segment_id)
        if segmentation is not None:
            check_holds_voxels(segmentation)
        self._name = node.GetName()
        self._segment_id = segment_id
        self._settings = settings
        self._python = python
        super().__init__(node.GetScene() or slicer.mrmlScene, progress=progress, ended=ended)

    def _start(self, folder: Path) -> Job:
        skull = folder / "skull.nrrd"
        write_mask(self._skull, skull)
        settings = self._settings | {"report": False}
        arguments = {"skull": str(skull), "out": str(folder / "result"), "settings": settings}
        interpreter, environment = worker_python(self._python)
        return Job("reconstruct", arguments, python=interpreter, environment=environment)

    def _deliver(self, folder: Path) -> None:
        result = read_result(folder)
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
