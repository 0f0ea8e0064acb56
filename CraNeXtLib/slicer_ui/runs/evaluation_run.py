"""One evaluation of an implant in the scene, from its start until its table and models are there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.geometry.mask import check_same_geometry
from CraNeXtLib.slicer_ui.runs.interpreters import worker_python
from CraNeXtLib.slicer_ui.runs.worker_run import WorkerRun
from CraNeXtLib.slicer_ui.scene.evaluation_nodes import fill_map, fill_table, map_titles, read_description, read_map
from CraNeXtLib.slicer_ui.scene.implant_nodes import DEFECTIVE_SKULL, IMPLANT
from CraNeXtLib.slicer_ui.scene.result_nodes import place_beside
from CraNeXtLib.slicer_ui.scene.scene_volumes import chosen_segment, mask_of, write_mask
from CraNeXtLib.slicer_ui.translation import _

Source = tuple[Any, str | None]
"""A node and one of its segments; None if it has only one, or is a labelmap volume."""


class EvaluationRun(WorkerRun):
    """A worker that measures an implant, and the nodes that are made of its result.

    Args:
        implant: The implant. Of a reconstruction's segmentation the segment Implant is taken if none is named.
        reference: The implant that should have been made.
        skull: The defective skull. Of a reconstruction's segmentation the segment Defective skull is taken.
        python: The interpreter to use, see :func:`CraNeXtLib.slicer_ui.runs.interpreters.worker_python`.
        progress: Told the stage and the fraction of the whole.
        ended: Called once with this run when it has ended, one way or another.

    Raises:
        InputError: If a node cannot be used, or the three differ in geometry or transform.
    """

    def __init__(
        self,
        implant: Source,
        reference: Source,
        skull: Source,
        *,
        python: str | Path | None = None,
        progress: ProgressCallback | None = None,
        ended: Callable[[EvaluationRun], None] | None = None,
    ) -> None:
        self.table: Any = None
        self.models: dict[str, Any] = {}
        self.description: dict[str, Any] | None = None
        sources = {"implant": implant, "reference": reference, "skull": skull}
        if any(node is None for node, _segment in sources.values()):
            raise InputError(_("Choose the implant, its reference and the defective skull."))
        of_result = {"implant": IMPLANT, "skull": DEFECTIVE_SKULL}
        sources = {
            role: (node, chosen_segment(node, chosen, of_result.get(role))) for role, (node, chosen) in sources.items()
        }
        self._masks = {role: mask_of(*source) for role, source in sources.items()}
        check_same_geometry(*self._masks.values())
        if len({node.GetTransformNodeID() for node, _segment in sources.values()}) > 1:
            raise InputError(_("Put the implant, its reference and the skull under one transform, or harden theirs."))
        self._input = {role: {"node": node.GetName(), "segment": chosen} for role, (node, chosen) in sources.items()}
        self._beside = skull[0]
        self._python = python
        super().__init__(skull[0].GetScene() or slicer.mrmlScene, progress=progress, ended=ended)

    def _start(self, folder: Path) -> Job:
        files = {role: str(folder / f"{role}.nrrd") for role in self._masks}
        for role, mask in self._masks.items():
            write_mask(mask, Path(files[role]))
        interpreter, environment = worker_python(self._python)
        return Job("evaluate", files | {"out": str(folder / "result")}, python=interpreter, environment=environment)

    def _deliver(self, folder: Path) -> None:
        description = read_description(folder) | {"input": self._input}
        name = self._input["implant"]["node"]
        maps = {key: read_map(path) for key in map_titles() if (path := folder / f"{key}.vtp").is_file()}
        self.table = self._scene.AddNewNodeByClass("vtkMRMLTableNode", _("{name} evaluation").format(name=name))
        fill_table(self.table, description)
        for key, data in maps.items():
            if data is None:
                continue
            called, legend = map_titles()[key]
            node = self._scene.AddNewNodeByClass("vtkMRMLModelNode", called.format(name=name))
            fill_map(node, data, title=legend)
            node.GetDisplayNode().SetVisibility(key == "distance_map")  # the others lie in the same place
            if self._beside.GetScene() is self._scene:
                place_beside(node, self._beside)
            self.models[key] = node
        self.description = description
