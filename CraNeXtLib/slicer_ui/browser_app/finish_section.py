"""Finishing the implant to a part that can be made, and the check of its fit."""

from __future__ import annotations

from typing import Any

from trame.widgets import html

from CraNeXtLib.slicer_ui.browser_app.controls import run_button, section, table
from CraNeXtLib.slicer_ui.browser_app.implant_section import ImplantSection
from CraNeXtLib.slicer_ui.browser_app.part_settings import PartSettings
from CraNeXtLib.slicer_ui.browser_app.run_control import RunControl
from CraNeXtLib.slicer_ui.browser_app.workbench import Workbench
from CraNeXtLib.slicer_ui.runs.implant_files_run import ImplantFilesRun
from CraNeXtLib.slicer_ui.scene.criteria_rows import criterion_row, criterion_titles, fit_names
from CraNeXtLib.slicer_ui.scene.fixation_nodes import fixation_rows
from CraNeXtLib.slicer_ui.scene.result_references import description_of
from CraNeXtLib.slicer_ui.scene.result_surfaces import PART_SURFACE
from CraNeXtLib.slicer_ui.translation import _


class FinishSection:
    """The section “Finish”.

    Args:
        bench: The case.
        implant: The section that shows the result.
    """

    def __init__(self, bench: Workbench, implant: ImplantSection) -> None:
        self._bench = bench
        self._implant = implant
        self.settings = PartSettings(bench.state)
        self.finishing = RunControl(
            bench.state,
            bench.runs,
            "finish",
            _("finishing an implant"),
            start=self._start,
            succeeded=self._finished,
            fields=self.settings.keys,
            controls=self.settings.names,
        )
        bench.state.update({"fit_titles": []})
        self.clear()

    def build(self) -> None:
        """Add the controls to the page."""
        with section(_("Finish and check the fit"), "finish-settings"):
            self.settings.build()
            run_button(self.finishing, _("Make the part"), disabled="!has_result")
            html.Div("{{ fit_summary }}", id="fit-summary", classes="mt-2 font-weight-bold")
            table("fit_rows", "fit", titles="fit_titles")
            table("hole_rows", "holes")

    def show_fit(self) -> None:
        """Show the fit of the result's part, if there is one."""
        description = description_of(self._bench.result)
        fit = description.get("fit")
        if fit is None:
            self.clear()
            return
        names = fit_names()
        rows = [criterion_row(names.get(one["name"], one["name"]), one) for one in fit["criteria"]]
        summary = _("{volume:.1f} mL, {weight:.0f} g of {material}").format(
            volume=fit["volume_ml"], weight=fit["weight_g"], material=fit["material"]
        )
        self._bench.state.update(
            {
                "fit_rows": [list(row) for row in rows],
                "fit_titles": list(criterion_titles()),
                "fit_summary": summary,
                "hole_rows": [[what, size] for what, size, _place in fixation_rows(description)],
            }
        )

    def clear(self) -> None:
        """Forget the fit, because there is another implant."""
        self._bench.state.update({"fit_rows": [], "hole_rows": [], "fit_summary": ""})
        self.finishing.clear()

    def _start(self, **callbacks: Any) -> ImplantFilesRun:
        return ImplantFilesRun(self._bench.usable_result(), settings=self.settings.read(), **callbacks)

    def _finished(self, run: ImplantFilesRun) -> list[str]:
        self._implant.show_result()
        self.show_fit()
        if run.part is None:
            assert run.description is not None  # the run succeeded
            return run.description["warnings"]
        self._implant.show_surface(PART_SURFACE)
        return []
