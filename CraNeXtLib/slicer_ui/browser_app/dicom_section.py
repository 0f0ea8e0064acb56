"""The exported case as DICOM files, for the archive of a clinic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trame.widgets import vuetify3 as v3

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.slicer_ui.browser_app.controls import file_select, run_button, section
from CraNeXtLib.slicer_ui.browser_app.export_section import ExportSection
from CraNeXtLib.slicer_ui.browser_app.input_files import chosen_file
from CraNeXtLib.slicer_ui.browser_app.run_control import RunControl
from CraNeXtLib.slicer_ui.browser_app.skull_section import SkullSection
from CraNeXtLib.slicer_ui.browser_app.workbench import Workbench
from CraNeXtLib.slicer_ui.runs.dicom_run import DicomRun
from CraNeXtLib.slicer_ui.translation import _


class DicomSection:
    """The section “DICOM”.

    Args:
        bench: The case.
        skull: The section that opened the CT.
        exports: The section that exports cases.
    """

    def __init__(self, bench: Workbench, skull: SkullSection, exports: ExportSection) -> None:
        self._bench = bench
        self._skull = skull
        self._exports = exports
        self.writing = RunControl(
            bench.state,
            bench.runs,
            "dicom",
            _("writing DICOM files"),
            start=self._start,
            succeeded=self._written,
            fields=["dicom_ct", "dicom_series", "dicom_patient"],
            controls={"--series": _("“Series”")},
        )
        bench.state.update({"dicom_ct": None, "dicom_series": "", "dicom_patient": False})
        bench.state.change("export_name")(self.clear)

    def build(self) -> None:
        """Add the controls to the page."""
        with section(_("DICOM"), "dicom-settings"):
            file_select(self._bench, "dicom_ct", _("CT series, if another than the opened one"), clearable=True)
            v3.VTextField(
                v_model=("dicom_series",),
                label=_("Series"),
                placeholder=_("if there are several"),
                id="dicom-series",
            )
            v3.VCheckbox(v_model=("dicom_patient",), label=_("Name the patient in the files"), id="dicom-patient")
            run_button(self.writing, _("Write DICOM files"), disabled="!export_name")

    def clear(self, **_state: Any) -> None:
        """Forget what was written, because another case is exported."""
        self.writing.clear()

    def _ct(self) -> tuple[Path, str]:
        """Return the CT's folder or file, and the name of its series, empty for the only one.

        Raises:
            InputError: If none was chosen or opened.
        """
        state = self._bench.state
        series = (state.dicom_series or "").strip()
        if state.dicom_ct:
            return chosen_file(self._bench.folder, state.dicom_ct), series
        if self._skull.dicom is None:
            raise InputError(_("Choose the “CT series”; what was opened is none."))
        path, opened = self._skull.dicom
        return path, series or opened

    def _start(self, **callbacks: Any) -> DicomRun:
        ct, series = self._ct()
        patient = bool(self._bench.state.dicom_patient)
        scene, case = self._bench.scene, self._exports.case()
        return DicomRun(scene, case, ct, series=series or None, patient=patient, **callbacks)

    def _written(self, run: DicomRun) -> list[str]:
        assert run.description is not None  # the run succeeded
        self._exports.pack()
        names = ", ".join(name for name in run.description["files"] if name.endswith(".dcm"))
        text = _("{names} are written; download the folder again.").format(names=names)
        self.writing.say("done", text)
        return []
