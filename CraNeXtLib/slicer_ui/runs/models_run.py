"""The models of bone to print and the titanium sheet of a result's implant, for the scene."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.slicer_ui.runs.worker_run import RunOptions, WorkerRun
from CraNeXtLib.slicer_ui.scene.implant_nodes import DEFECTIVE_SKULL, IMPLANT
from CraNeXtLib.slicer_ui.scene.model_nodes import MODELS_FILE, add_models
from CraNeXtLib.slicer_ui.scene.node_masks import NodeMask, written
from CraNeXtLib.slicer_ui.scene.result_references import description_of, is_result
from CraNeXtLib.slicer_ui.translation import _

if TYPE_CHECKING:
    from typing_extensions import Unpack


class ModelsRun(WorkerRun):
    """A worker that makes the models that are asked for; they are added to the scene.

    Args:
        segmentation: The segmentation of a reconstruction.
        settings: Arguments of :func:`CraNeXtLib.cases.model_files.write_models`.
        options: Options of :class:`CraNeXtLib.slicer_ui.runs.worker_run.WorkerRun`.

    Raises:
        InputError: If the node is not a result, or one of its segments is empty or was deleted.
    """

    def __init__(self, segmentation: Any, settings: Mapping[str, Any], **options: Unpack[RunOptions]) -> None:
        if not is_result(segmentation):
            raise InputError(_("Choose a reconstruction under “Result”."))
        self.segmentation = segmentation
        self.description: dict[str, Any] | None = None
        self._masks = {
            "skull": NodeMask.of(segmentation, DEFECTIVE_SKULL),
            "implant": NodeMask.of(segmentation, IMPLANT),
        }
        pieces = (description_of(segmentation).get("finishing") or {}).get("pieces", [])
        outward = next((piece["outward_ras"] for piece in pieces if piece["parts"]), None)
        self._settings = {**settings, "outward": outward}
        super().__init__(segmentation.GetScene(), **options)

    def _start(self, folder: Path) -> Job:
        return self._start_job(
            "models", {**written(self._masks, folder), **self._settings, "out": str(folder / "result")}
        )

    def _deliver(self, folder: Path) -> None:
        description = json.loads((folder / MODELS_FILE).read_text(encoding="utf-8"))
        description["warnings"] = self._told(description["warnings"])
        self.description = description
        if self.segmentation.GetScene() is self._scene:
            add_models(self.segmentation, folder, description)
