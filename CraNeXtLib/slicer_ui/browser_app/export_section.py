"""The case as a folder of files to download, and its report."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.slicer_ui.browser_app.controls import run_button, section
from CraNeXtLib.slicer_ui.browser_app.exported_files import ROUTE, file_name
from CraNeXtLib.slicer_ui.browser_app.finish_section import FinishSection
from CraNeXtLib.slicer_ui.browser_app.implant_section import ImplantSection
from CraNeXtLib.slicer_ui.browser_app.models_section import ModelsSection
from CraNeXtLib.slicer_ui.browser_app.run_control import RunControl
from CraNeXtLib.slicer_ui.browser_app.workbench import Workbench
from CraNeXtLib.slicer_ui.runs.implant_files_run import ImplantFilesRun
from CraNeXtLib.slicer_ui.scene.implant_nodes import RESULT_ATTRIBUTE
from CraNeXtLib.slicer_ui.translation import _


class ExportSection:
    """The section “Export”.

    Args:
        bench: The case.
        implant: The section that shows the result.
        finish: The section with the settings of the part.
        models: The section with the settings of the models.
    """

    def __init__(self, bench: Workbench, implant: ImplantSection, finish: FinishSection, models: ModelsSection) -> None:
        self._bench = bench
        self._implant = implant
        self._finish = finish
        self._models = models
        self._exported: tuple[Path, str] | None = None
        self.folder = bench.temporary / "exports"
        self.exporting = RunControl(
            bench.state,
            bench.runs,
            "export",
            _("exporting a case"),
            start=self._start,
            succeeded=self._finished,
            fields=["case_name", "viewer_file", *finish.settings.keys, *models.keys],
        )
        bench.state.update({"case_name": "", "viewer_file": False})
        self.clear()

    def build(self) -> None:
        """Add the controls to the page."""
        with section(_("Export"), "export-settings"):
            v3.VTextField(v_model=("case_name",), label=_("Case name"), id="case-name")
            v3.VCheckbox(v_model=("viewer_file",), label=_("Scene for viewers (GLB)"), id="viewer-file")
            run_button(self.exporting, _("Export"), disabled="!has_result")
            with html.Div(v_if=("export_name",), classes="my-2", style="display: flex; flex-wrap: wrap; gap: 16px"):
                html.A(
                    _("Download the folder"),
                    href=(f"`{ROUTE}/${{export_name}}.zip`",),
                    download=("`${export_name}.zip`",),
                    id="download",
                )
                _link(_("Open the report"), "report")
                _link(_("Open the approval sheet"), "approval")

    def case(self) -> Path:
        """Return the folder of the exported case.

        Raises:
            InputError: If the result was not exported as it is now.
        """
        result = self._bench.usable_result()
        if self._exported is None or self._exported[1] != result.GetAttribute(RESULT_ATTRIBUTE):
            raise InputError(_("Press “Export” first: what was exported is not this result."))
        return self._exported[0]

    def pack(self) -> None:
        """Put the exported folder, as it is now, into the file that can be downloaded."""
        folder = self.case()
        shutil.make_archive(str(folder), "zip", root_dir=folder.parent, base_dir=folder.name)

    def clear(self) -> None:
        """Forget what was exported, because there is another case."""
        self._exported = None
        self._bench.state.update({"export_name": ""})
        self.exporting.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self, **callbacks: Any) -> ImplantFilesRun:
        state, result = self._bench.state, self._bench.usable_result()
        settings = self._finish.settings.read() | self._models.settings() | {"glb": bool(state.viewer_file)}
        self.clear()
        self.folder.mkdir(exist_ok=True)
        case_id = (state.case_name or "").strip() or None
        out = self.folder / file_name(case_id or "case")
        return ImplantFilesRun(result, out, settings=settings, case_id=case_id, **callbacks)

    def _finished(self, run: ImplantFilesRun) -> list[str]:
        assert run.out is not None  # an export has a folder
        self._exported = (run.out, run.segmentation.GetAttribute(RESULT_ATTRIBUTE))
        self._implant.show_result()
        self._finish.show_fit()
        self.pack()
        self._bench.state.export_name = run.out.name
        return []


def _link(title: str, name: str) -> None:
    """Add a link to a page of the exported case."""
    html.A(title, href=(f"`{ROUTE}/${{export_name}}/{name}.html`",), target="_blank", id=name)
