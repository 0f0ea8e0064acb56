"""Categorization of a skull in the scene, from the start of the worker to the filled nodes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.slicer_ui.host import host
from CraNeXtLib.slicer_ui.runs.worker_run import RunOptions, WorkerRun
from CraNeXtLib.slicer_ui.scene.categorization_nodes import (
    DEFECT,
    REGIONS_TABLE,
    fill_regions,
    fill_table,
    read_regions,
)
from CraNeXtLib.slicer_ui.scene.implant_nodes import DEFECTIVE_SKULL, IMPLANT
from CraNeXtLib.slicer_ui.scene.node_masks import NodeMask, check_transforms, written
from CraNeXtLib.slicer_ui.scene.node_volumes import chosen_segment
from CraNeXtLib.slicer_ui.scene.result_nodes import check_holds_voxels, place_beside, reference_to_image
from CraNeXtLib.slicer_ui.scene.result_references import INPUT, set_referenced_node
from CraNeXtLib.slicer_ui.translation import _

if TYPE_CHECKING:
    from typing_extensions import Unpack


class CategorizationRun(WorkerRun):
    """A worker that divides a skull into regions, and the nodes that receive its result.

    Nodes may be deleted meanwhile: a deleted output node is replaced by a new one.

    Args:
        node: Segmentation, labelmap volume or model of the skull. In the segmentation of a reconstruction, the segment
            Defective skull is the default.
        segmentation: Segmentation node to fill with a segment for each region; None for a new one.
        table: Table node to fill; None for a new one.
        segment_id: ID of the skull's segment, needed if there are several.
        implant: Segmentation, labelmap volume or model of an implant or defect to be located, or None. In the
            segmentation of a reconstruction, the segment Implant is the default.
        implant_segment_id: ID of the implant's segment, needed if there are several.
        method: ``"default"`` or ``"official"``.
        options: Options of :class:`CraNeXtLib.slicer_ui.runs.worker_run.WorkerRun`.

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
        **options: Unpack[RunOptions],
    ) -> None:
        self.segmentation = segmentation
        self.table = table
        self.description: dict[str, Any] | None = None
        if node is None:
            raise InputError(_("Choose a segmentation, a labelmap volume or a model under “Skull”."))
        self._node = node
        self._implant = implant
        self._input: dict[str, Any] = {}
        self._masks = {"skull": self._read("skull", node, segment_id, DEFECTIVE_SKULL)}
        if implant is not None:
            self._masks["implant"] = self._read("implant", implant, implant_segment_id, IMPLANT)
            check_transforms(*self._masks.values())
        if segmentation is not None:
            check_holds_voxels(segmentation)
        self._method = method
        super().__init__(node.GetScene() or host().scene, **options)

    def _read(self, role: str, node: Any, segment_id: str | None, default: str) -> NodeMask:
        chosen = chosen_segment(node, segment_id, default)
        self._input[role] = {"node": node.GetName(), "segment": chosen}
        return NodeMask.of(node, chosen)

    def _start(self, folder: Path) -> Job:
        options = {"out": str(folder / "result"), "method": self._method, "picture": False}
        return self._start_job("categorize", written(self._masks, folder) | options)

    def _deliver(self, folder: Path) -> None:
        labels, description = read_regions(folder)
        description["input"] = self._input
        description["warnings"] = self._told(description["warnings"])
        name = self._input["skull"]["node"]
        self.segmentation = self._output(
            self.segmentation, "vtkMRMLSegmentationNode", _("{name} regions").format(name=name)
        )
        self.table = self._output(self.table, "vtkMRMLTableNode", _("{name} region sizes").format(name=name))
        fill_regions(self.segmentation, labels, description)
        fill_table(self.table, description)
        set_referenced_node(self.segmentation, REGIONS_TABLE, self.table)
        if self._node.GetScene() is self._scene:
            for node in (self.segmentation, self.table):
                place_beside(node, self._node)
            reference_to_image(self.segmentation, self._node)
            set_referenced_node(self.segmentation, INPUT, self._node)
        if self._implant is not None and self._implant.GetScene() is self._scene:
            set_referenced_node(self.segmentation, DEFECT, self._implant)
        self.description = description
