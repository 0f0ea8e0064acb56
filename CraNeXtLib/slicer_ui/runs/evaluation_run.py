"""Evaluation of an implant in the scene, from the start of the worker to the table and models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.geometry.lattice import on_one_grid
from CraNeXtLib.slicer_ui.host import host
from CraNeXtLib.slicer_ui.runs.worker_run import RunOptions, WorkerRun
from CraNeXtLib.slicer_ui.scene.evaluation_nodes import fill_table, map_titles, read_description
from CraNeXtLib.slicer_ui.scene.implant_nodes import DEFECTIVE_SKULL, IMPLANT
from CraNeXtLib.slicer_ui.scene.map_nodes import fill_map, read_map
from CraNeXtLib.slicer_ui.scene.node_masks import NodeMask, check_transforms, written
from CraNeXtLib.slicer_ui.scene.node_volumes import chosen_segment
from CraNeXtLib.slicer_ui.scene.result_nodes import place_beside
from CraNeXtLib.slicer_ui.translation import _

if TYPE_CHECKING:
    from typing_extensions import Unpack

Source = tuple[Any, str | None]
"""A node and the ID of its segment; None if there is only one segment, or the node is a labelmap volume or a model."""


class EvaluationRun(WorkerRun):
    """A worker that compares an implant with its reference, and the nodes created from its result.

    Args:
        implant: The implant. In the segmentation of a reconstruction, the segment Implant is the default.
        reference: The reference implant.
        skull: The defective skull. In the segmentation of a reconstruction, the segment Defective skull is the default.
        options: Options of :class:`CraNeXtLib.slicer_ui.runs.worker_run.WorkerRun`.

    Raises:
        InputError: If a node cannot be used, or the three differ in geometry or transform.
    """

    def __init__(
        self,
        implant: Source,
        reference: Source,
        skull: Source,
        **options: Unpack[RunOptions],
    ) -> None:
        self.table: Any = None
        self.models: dict[str, Any] = {}
        self.description: dict[str, Any] | None = None
        sources = {"implant": implant, "reference": reference, "skull": skull}
        if any(node is None for node, _segment in sources.values()):
            raise InputError(_("Choose the implant, the reference implant and the defective skull."))
        defaults = {"implant": IMPLANT, "skull": DEFECTIVE_SKULL}
        sources = {
            role: (node, chosen_segment(node, chosen, defaults.get(role))) for role, (node, chosen) in sources.items()
        }
        self._masks = {role: NodeMask.of(*source) for role, source in sources.items()}
        volumes = [self._masks[role].voxels for role in ("skull", "implant", "reference")]
        on_one_grid(*(volume for volume in volumes if volume is not None))  # refuses another lattice
        check_transforms(*self._masks.values())
        self._input = {role: {"node": node.GetName(), "segment": chosen} for role, (node, chosen) in sources.items()}
        self._beside = skull[0]
        super().__init__(skull[0].GetScene() or host().scene, **options)

    def _start(self, folder: Path) -> Job:
        return self._start_job("evaluate", written(self._masks, folder) | {"out": str(folder / "result")})

    def _deliver(self, folder: Path) -> None:
        description = read_description(folder) | {"input": self._input}
        description["warnings"] = self._told(description["warnings"])
        name = self._input["implant"]["node"]
        maps = {key: read_map(path) for key in map_titles() if (path := folder / f"{key}.vtp").is_file()}
        self.table = self._scene.AddNewNodeByClass("vtkMRMLTableNode", _("{name} evaluation").format(name=name))
        fill_table(self.table, description)
        for key, data in maps.items():
            if data is None:
                continue
            title, legend = map_titles()[key]
            node = self._scene.AddNewNodeByClass("vtkMRMLModelNode", title.format(name=name))
            fill_map(node, data, title=legend)
            node.GetDisplayNode().SetVisibility(key == "distance_map")  # the maps coincide
            if self._beside.GetScene() is self._scene:
                place_beside(node, self._beside)
            self.models[key] = node
        self.description = description
