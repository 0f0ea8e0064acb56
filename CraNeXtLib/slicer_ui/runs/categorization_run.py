"""One categorization of a skull in the scene, from its start until its nodes are filled."""

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
from CraNeXtLib.slicer_ui.scene.categorization_nodes import (
    DEFECT,
    REGIONS_TABLE,
    fill_regions,
    fill_table,
    read_regions,
)
from CraNeXtLib.slicer_ui.scene.implant_nodes import DEFECTIVE_SKULL, IMPLANT
from CraNeXtLib.slicer_ui.scene.result_nodes import check_holds_voxels, place_beside, reference_to_image
from CraNeXtLib.slicer_ui.scene.result_references import INPUT, refer
from CraNeXtLib.slicer_ui.scene.scene_volumes import chosen_segment, mask_of, write_mask
from CraNeXtLib.slicer_ui.translation import _


class CategorizationRun(WorkerRun):
    """A worker that divides a skull into regions, and the nodes that its result goes into.

    A node that was deleted meanwhile does no harm: an output is made anew.

    Args:
        node: Segmentation or labelmap volume of the skull. Of a reconstruction's segmentation the segment Defective
            skull is taken if none is named.
        segmentation: Segmentation node to fill with a segment for each region; None for a new one.
        table: Table node to fill; None for a new one.
        segment_id: The skull's segment, if there are several.
        implant: Segmentation or labelmap volume of an implant or defect, to tell its regions; of a reconstruction's
            segmentation the segment Implant is taken if none is named. None for none.
        implant_segment_id: The implant's segment, if there are several.
        method: ``"default"`` or ``"official"``.
        python: The interpreter to use, see :func:`CraNeXtLib.slicer_ui.runs.interpreters.worker_python`.
        progress: Told the stage and the fraction of the whole.
        ended: Called once with this run when it has ended, one way or another.

    Raises:
        InputError: If a node cannot be used, or skull and implant are under different transforms.
    """

    def __init__(
        self,
        node: Any,
        segmentation: Any = None,
        table: Any = None,
        *,
        segment_id: str | None = None,
        implant: Any = None,
        implant_segment_id: str | None = None,
        method: str = "default",
        python: str | Path | None = None,
        progress: ProgressCallback | None = None,
        ended: Callable[[CategorizationRun], None] | None = None,
    ) -> None:
        self.segmentation = segmentation
        self.table = table
        self.description: dict[str, Any] | None = None
        if node is None:
            raise InputError(_("Choose a segmentation or a labelmap volume of the skull."))
        self._node = node
        self._implant = implant
        self._input: dict[str, Any] = {}
        self._masks = {"skull": self._read("skull", node, segment_id, DEFECTIVE_SKULL)}
        if implant is not None:
            self._masks["implant"] = self._read("implant", implant, implant_segment_id, IMPLANT)
            if implant.GetTransformNodeID() != node.GetTransformNodeID():
                raise InputError(_("Put the implant and the skull under one transform, or harden theirs."))
        if segmentation is not None:
            check_holds_voxels(segmentation)
        self._method = method
        self._python = python
        super().__init__(node.GetScene() or slicer.mrmlScene, progress=progress, ended=ended)

    def _read(self, role: str, node: Any, segment_id: str | None, usual: str) -> Any:
        chosen = chosen_segment(node, segment_id, usual)
        self._input[role] = {"node": node.GetName(), "segment": chosen}
        return mask_of(node, chosen)

    def _start(self, folder: Path) -> Job:
        files = {role: str(folder / f"{role}.nrrd") for role in self._masks}
        for role, mask in self._masks.items():
            write_mask(mask, Path(files[role]))
        arguments = files | {"out": str(folder / "result"), "method": self._method, "picture": False}
        interpreter, environment = worker_python(self._python)
        return Job("categorize", arguments, python=interpreter, environment=environment)

    def _deliver(self, folder: Path) -> None:
        labels, description = read_regions(folder)
        description["input"] = self._input
        name = self._input["skull"]["node"]
        self.segmentation = self._output(
            self.segmentation, "vtkMRMLSegmentationNode", _("{name} regions").format(name=name)
        )
        self.table = self._output(self.table, "vtkMRMLTableNode", _("{name} region sizes").format(name=name))
        fill_regions(self.segmentation, labels, description)
        fill_table(self.table, description)
        refer(self.segmentation, REGIONS_TABLE, self.table)
        if self._node.GetScene() is self._scene:
            for node in (self.segmentation, self.table):
                place_beside(node, self._node)
            reference_to_image(self.segmentation, self._node)
            refer(self.segmentation, INPUT, self._node)
        if self._implant is not None and self._implant.GetScene() is self._scene:
            refer(self.segmentation, DEFECT, self._implant)
        self.description = description
