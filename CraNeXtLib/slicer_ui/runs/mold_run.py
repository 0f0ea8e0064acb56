"""The mold of a result's finished part, for the scene or for the folder of an exported case."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.slicer_ui.runs.worker_run import RunOptions, WorkerRun
from CraNeXtLib.slicer_ui.scene.implant_nodes import DEFECTIVE_SKULL
from CraNeXtLib.slicer_ui.scene.mold_nodes import MOLD_FILE, add_mold
from CraNeXtLib.slicer_ui.scene.node_masks import NodeMask, check_transforms, written
from CraNeXtLib.slicer_ui.scene.result_references import PART, description_of, is_result, referenced_node
from CraNeXtLib.slicer_ui.translation import _

if TYPE_CHECKING:
    from typing_extensions import Unpack

MOLD_FOLDER = "mold"


class MoldRun(WorkerRun):
    """A worker that makes the mold of a result's finished part; its halves are added to the scene.

    Args:
        segmentation: The segmentation of a reconstruction with a finished part.
        case: Folder of the exported case, which receives the mold as its sub-folder ``mold``, and an approval sheet
            with the mold; None for the scene only.
        settings: Fields of :class:`CraNeXtLib.implant.mold.settings.MoldSettings` that differ from the default.
        spring_form: Whether to make a spring form, too.
        options: Options of :class:`CraNeXtLib.slicer_ui.runs.worker_run.WorkerRun`.

    Raises:
        InputError: If the node is no result with a finished part.
    """

    def __init__(
        self,
        segmentation: Any,
        case: Path | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
        spring_form: bool = False,
        **options: Unpack[RunOptions],
    ) -> None:
        part = referenced_node(segmentation, PART) if is_result(segmentation) else None
        if part is None:
            raise InputError(_("Press “Make the part” first."))
        self.segmentation = segmentation
        self.case = case
        self.table: Any = None
        self.description: dict[str, Any] | None = None
        self._part = part
        self._masks = {"skull": NodeMask.of(segmentation, DEFECTIVE_SKULL), "part": NodeMask.of(part)}
        check_transforms(*self._masks.values())
        self._settings = {"settings": dict(settings or {}), "spring_form": spring_form}
        super().__init__(segmentation.GetScene(), **options)

    def _start(self, folder: Path) -> Job:
        files = written(self._masks, folder)
        if self.case is not None:  # the mold is made of the very file that was exported, whose hash it names
            files["part"] = str(self.case / "finished_implant.stl")
        arguments = {
            **files,
            **self._settings,
            "out": str(folder / "result" if self.case is None else self.case / MOLD_FOLDER),
            "case_id": description_of(self.segmentation)["case_id"],
            "case": None if self.case is None else str(self.case),
        }
        return self._start_job("mold", arguments)

    def _deliver(self, folder: Path) -> None:
        made = folder if self.case is None else self.case / MOLD_FOLDER
        description = json.loads((made / MOLD_FILE).read_text(encoding="utf-8"))
        description["warnings"] = self._told(description["warnings"])
        self.description = description
        if self._part.GetScene() is self._scene:  # it may have been replaced meanwhile
            self.table = add_mold(self._part, made, description)
