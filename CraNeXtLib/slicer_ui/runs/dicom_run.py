"""An exported case written as DICOM files, beside its other files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.slicer_ui.runs.worker_run import RunOptions, WorkerRun

if TYPE_CHECKING:
    from typing_extensions import Unpack


class DicomRun(WorkerRun):
    """A worker that writes the implant of an exported case as DICOM files of its CT's study; the scene stays as it is.

    Args:
        scene: The scene of the case.
        case: Folder of the exported case, which receives the files.
        ct: Folder of the CT's DICOM files, or one of them.
        series: Number, description, end of the UID or date of the series; None if there is only one.
        patient: Whether the files name the patient.
        options: Options of :class:`CraNeXtLib.slicer_ui.runs.worker_run.WorkerRun`.
    """

    def __init__(
        self,
        scene: Any,
        case: Path,
        ct: str | Path,
        *,
        series: str | None = None,
        patient: bool = False,
        **options: Unpack[RunOptions],
    ) -> None:
        self.case = case
        self.description: dict[str, Any] | None = None
        self._arguments = {"case": str(case), "ct": str(ct), "out": str(case), "series": series, "patient": patient}
        super().__init__(scene, **options)

    def _start(self, folder: Path) -> Job:
        del folder  # the files go to the case
        return self._start_job("export", self._arguments)

    def _deliver(self, folder: Path) -> None:
        del folder
        self.description = json.loads((self.case / "export.json").read_text(encoding="utf-8"))
