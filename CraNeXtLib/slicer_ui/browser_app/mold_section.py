"""The mold in which the finished part is cast."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.implant.mold.settings import MoldSettings
from CraNeXtLib.slicer_ui.browser_app.controls import field_grid, run_button, section, table
from CraNeXtLib.slicer_ui.browser_app.export_section import ExportSection
from CraNeXtLib.slicer_ui.browser_app.implant_section import ImplantSection
from CraNeXtLib.slicer_ui.browser_app.page_parameters import PageParameters
from CraNeXtLib.slicer_ui.browser_app.run_control import RunControl
from CraNeXtLib.slicer_ui.browser_app.typed_settings import names_in_messages
from CraNeXtLib.slicer_ui.browser_app.workbench import Workbench
from CraNeXtLib.slicer_ui.runs.mold_run import MoldRun
from CraNeXtLib.slicer_ui.runs.mold_settings import MOLD, mold_settings
from CraNeXtLib.slicer_ui.scene.mold_nodes import mold_rows
from CraNeXtLib.slicer_ui.scene.result_surfaces import MOLD_SURFACE
from CraNeXtLib.slicer_ui.translation import _


class MoldSection:
    """The section “Mold”.

    Args:
        bench: The case.
        implant: The section that shows the result.
        exports: The section that exports cases.
    """

    def __init__(self, bench: Workbench, implant: ImplantSection, exports: ExportSection) -> None:
        self._bench = bench
        self._implant = implant
        self._exports = exports
        self._parameters = PageParameters(bench.state, "mold")
        self._parameters.add_settings(MOLD, MoldSettings)
        self._parameters.add("moldOpening", _("Opening: auto or R,A,S"), MoldSettings.opening)
        self._parameters.add("moldBuild", _("Build volume [mm], as 220,220,250"), MoldSettings.build_mm)
        self._parameters.add("springForm", _("Spring form"), False)
        controls = names_in_messages(MOLD.names)
        self.molding, self.writing = (
            RunControl(
                bench.state,
                bench.runs,
                name,
                work,
                start=start,
                succeeded=self._molded,
                fields=self._parameters.keys,
                controls=controls,
            )
            for name, work, start in (
                ("mold", _("making a mold"), self._start),
                ("mold_files", _("writing a mold"), self._write),
            )
        )
        self.clear()

    def build(self) -> None:
        """Add the controls to the page."""
        with section(_("Mold"), "mold-settings"):
            with field_grid():
                self._parameters.build(name for name in MOLD.names.values() if name != "moldPour")
                sides = {"outer": _("Outer side up"), "inner": _("Inner side up")}
                self._parameters.build_choice("moldPour", sides)
            self._parameters.build(["springForm"])
            run_button(self.molding, _("Make the mold"), disabled="!fit_rows.length")
            table("mold_rows", "mold-rows")
            run_button(self.writing, _("Add the mold to the export"), disabled="!fit_rows.length || !export_name")

    def clear(self) -> None:
        """Forget the mold, because there is another case."""
        self._bench.state.update({"mold_rows": []})
        for control in (self.molding, self.writing):
            control.clear()

    def _start(self, **callbacks: Any) -> MoldRun:
        return MoldRun(self._bench.usable_result(), **mold_settings(self._parameters), **callbacks)

    def _write(self, **callbacks: Any) -> MoldRun:
        case = self._exports.case()
        return MoldRun(self._bench.usable_result(), case, **mold_settings(self._parameters), **callbacks)

    def _molded(self, run: MoldRun) -> list[str]:
        assert run.description is not None  # the run succeeded
        self._bench.state.mold_rows = [list(row) for row in mold_rows(run.description)]
        self._implant.show_result()
        self._implant.show_surface(MOLD_SURFACE)
        if run.case is not None:
            self._exports.pack()
        return run.description["warnings"]
