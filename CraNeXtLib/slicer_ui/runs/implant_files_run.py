"""The current implant of a result: measured again after editing, finished, or exported to a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.geometry.poly_data import write_poly_data
from CraNeXtLib.slicer_ui.runs.worker_run import RunOptions, WorkerRun
from CraNeXtLib.slicer_ui.scene import result_references
from CraNeXtLib.slicer_ui.scene.implant_edits import is_edited, replace_implant
from CraNeXtLib.slicer_ui.scene.implant_nodes import (
    DEFECTIVE_SKULL,
    EXPECTED_ERROR,
    IMPLANT,
    describe,
    fill_model,
    read_result,
)
from CraNeXtLib.slicer_ui.scene.measures_table import fill_measures
from CraNeXtLib.slicer_ui.scene.model_nodes import remove_models
from CraNeXtLib.slicer_ui.scene.node_masks import NodeMask, check_transforms, written
from CraNeXtLib.slicer_ui.scene.node_volumes import is_ct
from CraNeXtLib.slicer_ui.scene.part_nodes import FINISHED, add_part, remove_part
from CraNeXtLib.slicer_ui.scene.removal import remove_node
from CraNeXtLib.slicer_ui.scene.result_nodes import place_beside
from CraNeXtLib.slicer_ui.scene.result_references import description_of, is_result, referenced_node, set_referenced_node
from CraNeXtLib.slicer_ui.scene.worker_files import write_ct
from CraNeXtLib.slicer_ui.translation import _

if TYPE_CHECKING:
    from typing_extensions import Unpack


class ImplantFilesRun(WorkerRun):
    """A worker that measures a result's current implant and creates its surface again.

    Args:
        segmentation: The segmentation of a reconstruction; its model and table of measurements are updated.
        out: Folder for the implant's files and the report; None to update the scene only.
        implant: Node and segment of an implant that was edited elsewhere and replaces the result's; None to take the
            result's segment as it is.
        settings: What to make, as arguments of :func:`CraNeXtLib.cases.edited_implant.write_implant_files`:
            ``finishing``, ``material``, ``fit_limits``, ``bone_model_mm``, ``onlay_mm`` and so on. Without
            ``finishing`` the part of an earlier implant is removed.
        case_id: Name of the case in the report; None to keep the current one.
        options: Options of :class:`CraNeXtLib.slicer_ui.runs.worker_run.WorkerRun`.

    Raises:
        InputError: If the node is not a result, or one of its segments is empty or was deleted.
    """

    def __init__(
        self,
        segmentation: Any,
        out: str | Path | None = None,
        *,
        implant: tuple[Any, str | None] | None = None,
        settings: Mapping[str, Any] | None = None,
        case_id: str | None = None,
        **options: Unpack[RunOptions],
    ) -> None:
        if not is_result(segmentation):
            raise InputError(_("Choose a reconstruction under “Result”."))
        self.segmentation = segmentation
        self.out = None if out is None else Path(out)
        self.model: Any = None
        self.part: Any = None
        self.description: dict[str, Any] | None = None
        self._replaces = implant is not None
        self._masks = {
            "skull": NodeMask.of(segmentation, DEFECTIVE_SKULL),
            "implant": NodeMask.of(*(implant or (segmentation, IMPLANT))),
        }
        check_transforms(*self._masks.values())
        self._edited = self._replaces or is_edited(segmentation)
        self._settings = dict(settings or {})
        self._known = {"case_id": case_id} if case_id else {}
        super().__init__(segmentation.GetScene(), **options)

    def _start(self, folder: Path) -> Job:
        files = written(self._masks, folder)
        error_map = referenced_node(self.segmentation, result_references.EXPECTED_ERROR)
        if error_map is not None and self.out is not None:
            write_poly_data(error_map.GetPolyData(), folder / EXPECTED_ERROR)
            files["expected_error"] = str(folder / EXPECTED_ERROR)
        source = referenced_node(self.segmentation, result_references.INPUT)
        if source is not None and is_ct(source) and self.out is not None:  # for the soft tissue in the report
            write_ct(source, folder / "ct.nrrd")
            files["ct"] = str(folder / "ct.nrrd")
        arguments = (
            files
            | self._settings
            | {
                "out": str(self.out or folder / "result"),
                "result": description_of(self.segmentation) | self._known,
                "edited": self._edited,
                "report": self.out is not None,
            }
        )
        return self._start_job("implant_files", arguments)

    def _deliver(self, folder: Path) -> None:
        result = read_result(self.out or folder)
        for key in ("warnings", "part_warnings"):
            result.description[key] = self._told(result.description[key])
        self.description = result.description
        if self.segmentation.GetScene() is not self._scene:
            return
        if self._replaces:
            replace_implant(self.segmentation, result.implant)
        roles = {
            result_references.SURFACE: ("vtkMRMLModelNode", _("{name} implant")),
            result_references.MEASURES: ("vtkMRMLTableNode", _("{name} measures")),
        }
        name = result.description["input"]["node"]
        for role, (kind, title) in roles.items():
            known = referenced_node(self.segmentation, role)
            node = self._output(known, kind, title.format(name=name))
            if node is not known:
                set_referenced_node(self.segmentation, role, node)
                place_beside(node, self.segmentation)
        if (self.out or folder).joinpath(f"{FINISHED}.stl").is_file() and result.description.get("finishing"):
            self.part = add_part(self.segmentation, self.out or folder, name)
        else:
            remove_part(self.segmentation)
        if self._edited:
            remove_models(self.segmentation)
            remove_node(referenced_node(self.segmentation, result_references.DONOR_MAP))
        self.model = referenced_node(self.segmentation, result_references.SURFACE)
        fill_model(self.model, result)
        fill_measures(referenced_node(self.segmentation, result_references.MEASURES), result.description)
        describe(self.segmentation, result.description)
