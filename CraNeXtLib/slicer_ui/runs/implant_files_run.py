"""The implant of a result as it is now: measured anew after editing, or written into a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.geometry.poly_data import write_poly_data
from CraNeXtLib.slicer_ui.runs.interpreters import worker_python
from CraNeXtLib.slicer_ui.runs.worker_run import WorkerRun
from CraNeXtLib.slicer_ui.scene import result_references
from CraNeXtLib.slicer_ui.scene.implant_edits import is_edited
from CraNeXtLib.slicer_ui.scene.implant_nodes import (
    DEFECTIVE_SKULL,
    EXPECTED_ERROR,
    IMPLANT,
    describe,
    fill_model,
    read_result,
)
from CraNeXtLib.slicer_ui.scene.measures_table import fill_measures
from CraNeXtLib.slicer_ui.scene.part_nodes import FINISHED, add_part, remove_part
from CraNeXtLib.slicer_ui.scene.result_nodes import place_beside
from CraNeXtLib.slicer_ui.scene.result_references import description_of, is_result, refer, referred
from CraNeXtLib.slicer_ui.scene.scene_volumes import mask_of, write_mask
from CraNeXtLib.slicer_ui.translation import _


class ImplantFilesRun(WorkerRun):
    """A worker that measures a result's implant as it is now and makes its surface anew.

    Args:
        segmentation: The segmentation of a reconstruction; its model and table of measures are filled.
        out: Folder to write the implant's files and the report into; None to only refresh the scene.
        finishing: How the part to be made is finished, see ``FinishSettings``; None for no
            part. A part of an earlier implant is taken away.
        material: What the part is made of, for its weight.
        case_id: What the report calls the case; None for what it is called already.
        python: The interpreter to use, see :func:`CraNeXtLib.slicer_ui.runs.interpreters.worker_python`.
        progress: Told the stage and the fraction of the whole.
        ended: Called once with this run when it has ended, one way or another.

    Raises:
        InputError: If the node is no result, or a segment of it is empty or was deleted.
    """

    def __init__(
        self,
        segmentation: Any,
        out: str | Path | None = None,
        *,
        finishing: Mapping[str, Any] | None = None,
        material: str | None = None,
        case_id: str | None = None,
        python: str | Path | None = None,
        progress: ProgressCallback | None = None,
        ended: Callable[[ImplantFilesRun], None] | None = None,
    ) -> None:
        if not is_result(segmentation):
            raise InputError(_("Choose the segmentation of a reconstruction."))
        self.segmentation = segmentation
        self.out = None if out is None else Path(out)
        self.model: Any = None
        self.part: Any = None
        self.description: dict[str, Any] | None = None
        self._masks = {"skull": mask_of(segmentation, DEFECTIVE_SKULL), "implant": mask_of(segmentation, IMPLANT)}
        self._edited = is_edited(segmentation)
        self._finishing = {"finishing": finishing} | ({"material": material} if material else {})
        self._known = {"case_id": case_id} if case_id else {}
        self._python = python
        super().__init__(segmentation.GetScene(), progress=progress, ended=ended)

    def _start(self, folder: Path) -> Job:
        files = {role: str(folder / f"{role}.nrrd") for role in self._masks}
        for role, mask in self._masks.items():
            write_mask(mask, Path(files[role]))
        painted = referred(self.segmentation, result_references.EXPECTED_ERROR)
        if painted is not None and self.out is not None:
            write_poly_data(painted.GetPolyData(), folder / EXPECTED_ERROR)
            files["expected_error"] = str(folder / EXPECTED_ERROR)
        arguments = (
            files
            | self._finishing
            | {
                "out": str(self.out or folder / "result"),
                "result": description_of(self.segmentation) | self._known,
                "edited": self._edited,
                "report": self.out is not None,
            }
        )
        interpreter, environment = worker_python(self._python)
        return Job("implant_files", arguments, python=interpreter, environment=environment)

    def _deliver(self, folder: Path) -> None:
        result = read_result(self.out or folder)
        self.description = result.description
        if self.segmentation.GetScene() is not self._scene:
            return
        roles = {
            result_references.SURFACE: ("vtkMRMLModelNode", _("{name} implant")),
            result_references.MEASURES: ("vtkMRMLTableNode", _("{name} measures")),
        }
        name = result.description["input"]["node"]
        for role, (kind, title) in roles.items():
            known = referred(self.segmentation, role)
            node = self._output(known, kind, title.format(name=name))
            if node is not known:
                refer(self.segmentation, role, node)
                place_beside(node, self.segmentation)
        if (self.out or folder).joinpath(f"{FINISHED}.stl").is_file() and result.description.get("finishing"):
            self.part = add_part(self.segmentation, self.out or folder, name)
        else:
            remove_part(self.segmentation)
        self.model = referred(self.segmentation, result_references.SURFACE)
        fill_model(self.model, result)
        fill_measures(referred(self.segmentation, result_references.MEASURES), result.description)
        describe(self.segmentation, result.description)
