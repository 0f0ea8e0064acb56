"""The case as a folder of files to download, and its report."""

from __future__ import annotations

import shutil
from typing import Any

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from CraNeXtLib.slicer_ui.browser_app.controls import run_button, section
from CraNeXtLib.slicer_ui.browser_app.exported_files import ROUTE, file_name
from CraNeXtLib.slicer_ui.browser_app.finish_section import FinishSection
from CraNeXtLib.slicer_ui.browser_app.implant_section import ImplantSection
from CraNeXtLib.slicer_ui.browser_app.run_control import RunControl
from CraNeXtLib.slicer_ui.browser_app.typed_settings import number_of
from CraNeXtLib.slicer_ui.browser_app.workbench import Workbench
from CraNeXtLib.slicer_ui.runs.implant_files_run import ImplantFilesRun
from CraNeXtLib.slicer_ui.translation import _


class ExportSection:
    """The section “Export”.

    Args:
        bench: The case.
        implant: The section that shows the result.
        finish: The section with the settings of the part.
    """

    def __init__(self, bench: Workbench, implant: ImplantSection, finish: FinishSection) -> None:
        self._bench = bench
        self._implant = implant
        self._finish = finish
        self.folder = bench.temporary / "exports"
        self.exporting = RunControl(
            bench.state, bench.runs, "export", _("exporting a case"), start=self._start, succeeded=self._exported
        )
        bench.state.update({"case_name": "", "bone_model": "0", "viewer_file": False})
        self.clear()

    def build(self) -> None:
        """Add the controls to the page."""
        with section(_("Export"), "export-settings"):
            v3.VTextField(v_model=("case_name",), label=_("Case name"), id="case-name")
            v3.VTextField(
                v_model=("bone_model",),
                label=_("Bone model around the implant [mm], 0 for none"),
                classes="mt-2",
            )
            v3.VCheckbox(v_model=("viewer_file",), label=_("Scene for viewers (GLB)"))
            run_button(self.exporting, _("Export"), disabled="!has_result")
            with html.Div(v_if=("export_name",), classes="mt-2", style="display: flex; gap: 16px"):
                html.A(
                    _("Download the folder"),
                    href=(f"`{ROUTE}/${{export_name}}.zip`",),
                    download=("`${export_name}.zip`",),
                    id="download",
                )
                html.A(
                    _("Open the report"),
                    href=(f"`{ROUTE}/${{export_name}}/report.html`",),
                    target="_blank",
                    id="report",
                )

    def clear(self) -> None:
        """Forget what was exported, because there is another case."""
        self._bench.state.update({"export_name": ""})
        self.exporting.say("", "")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self, **callbacks: Any) -> ImplantFilesRun:
        state, result = self._bench.state, self._bench.usable_result()
        self.clear()
        self.folder.mkdir(exist_ok=True)
        case_id = (state.case_name or "").strip() or None
        meshes = {
            "bone_model_mm": number_of(state.bone_model, _("Bone model")) or None,
            "glb": bool(state.viewer_file),
        }
        settings = self._finish.settings() | meshes
        out = self.folder / file_name(case_id or "case")
        return ImplantFilesRun(result, out, settings=settings, case_id=case_id, **callbacks)

    def _exported(self, run: ImplantFilesRun) -> str:
        assert run.out is not None  # an export has a folder
        self._implant.show_result()
        self._finish.show_fit()
        shutil.make_archive(str(run.out), "zip", root_dir=run.out.parent, base_dir=run.out.name)
        self._bench.state.export_name = run.out.name
        return ""
