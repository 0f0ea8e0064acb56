"""The exported case as DICOM files, for the archive of a clinic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ctk

from CraNeXtLib.slicer_ui.implant_panel.export_section import ExportSection
from CraNeXtLib.slicer_ui.implant_panel.run_section import RunSection
from CraNeXtLib.slicer_ui.runs.dicom_run import DicomRun
from CraNeXtLib.slicer_ui.scene.dicom_source import file_of_ct
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.run_panel import RunPanel


class DicomSection(RunSection):
    """The part “DICOM” of the section “Export”. Nothing of it is saved with the scene: paths may name the patient.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
        exports: The section that exports cases.
        ensure: Offers to install missing packages of further lists; returns whether a computation can start.
    """

    def __init__(self, ui: Any, binding: ParameterBinding, exports: ExportSection, ensure: Callable[..., bool]) -> None:
        self._exports = exports
        self.writing = RunPanel(
            _("Write DICOM files"),
            tool_tip=_("Write segmentation, surface and report of the exported case as files of the CT's study"),
            name=_("writing DICOM files"),
            ask=lambda: ensure("codecs", "archive"),
            start=self._start,
            succeeded=self._written,
        )
        super().__init__(ui, binding, ui.dicomFrame, self.writing)
        ui.dicomEdit.connect("currentPathChanged(QString)", lambda _path: self.update())
        ui.dicomEdit.connect("validInputChanged(bool)", lambda _valid: self.update())
        ui.dicomEdit.filters = ctk.ctkPathLineEdit.Dirs | ctk.ctkPathLineEdit.Files

    def update(self) -> None:
        """Show what is still needed."""
        reason = "" if self._exports.folder else _("Press “Export” first.")
        if not reason and not self._ct():
            reason = _("Choose the “CT series”; the CT was not loaded with Slicer's module DICOM.")
        self.writing.block(reason)

    def _ct(self) -> str:
        return self._ui.dicomEdit.currentPath or file_of_ct(self._binding.parameters.result)

    def _start(self, **callbacks: Any) -> DicomRun:
        ui, case = self._ui, self._exports.folder
        assert case is not None  # or the button would be disabled
        scene = self._binding.parameters.result.GetScene()
        series = ui.seriesEdit.text.strip() or None
        patient = ui.patientCheckBox.checked
        return DicomRun(scene, Path(case), self._ct(), series=series, patient=patient, **callbacks)

    def _written(self, run: DicomRun) -> None:
        assert run.description is not None  # the run succeeded
        names = ", ".join(name for name in run.description["files"] if name.endswith(".dcm"))
        text = _("{names} are in {folder}.").format(names=names, folder=run.case)
        self.writing.tell(text, run.description["warnings"])
