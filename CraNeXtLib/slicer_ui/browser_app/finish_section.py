"""Finishing the implant to a part that can be made, and the check of its fit."""

from __future__ import annotations

from typing import Any

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from CraNeXtLib.implant.finishing.settings import INSERTIONS, RANGES, FinishSettings
from CraNeXtLib.implant.fit.materials import DENSITIES_G_CM3
from CraNeXtLib.slicer_ui.browser_app.controls import run_button, section, table
from CraNeXtLib.slicer_ui.browser_app.implant_section import ImplantSection
from CraNeXtLib.slicer_ui.browser_app.number_fields import NumberFields
from CraNeXtLib.slicer_ui.browser_app.run_control import RunControl
from CraNeXtLib.slicer_ui.browser_app.typed_settings import names_in_messages
from CraNeXtLib.slicer_ui.browser_app.workbench import Workbench
from CraNeXtLib.slicer_ui.runs.implant_files_run import ImplantFilesRun
from CraNeXtLib.slicer_ui.scene.criteria_rows import criterion_row, criterion_titles, fit_names
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
        self._numbers = NumberFields(bench.state, "finish", FinishSettings, RANGES)
        self.finishing = RunControl(
            bench.state,
            bench.runs,
            "finish",
            _("finishing an implant"),
            start=self._start,
            succeeded=self._finished,
            controls=names_in_messages(RANGES),
        )
        bench.state.update(
            {
                "finish_insertion": FinishSettings().insertion,
                "finish_engraving": "",
                "finish_material": next(iter(DENSITIES_G_CM3)),
                "fit_titles": [],
            }
        )
        self.clear()

    def build(self) -> None:
        """Add the controls to the page."""
        with section(_("Finish and check the fit"), "finish-settings"):
            with html.Div(style="display: grid; grid-template-columns: 1fr 1fr; gap: 8px"):
                self._numbers.build()
                v3.VSelect(
                    v_model=("finish_insertion",),
                    items=("insertions", list(INSERTIONS)),
                    label=_("Insertion"),
                )
                v3.VSelect(
                    v_model=("finish_material",),
                    items=("materials", list(DENSITIES_G_CM3)),
                    label=_("Material"),
                )
            v3.VTextField(
                v_model=("finish_engraving",),
                label=_("Engraving"),
                classes="my-2",
            )
            run_button(self.finishing, _("Make the part"), disabled="!has_result")
            html.Div("{{ fit_summary }}", id="fit-summary", classes="mt-2 font-weight-bold")
            table("fit_rows", "fit", titles="fit_titles")

    def settings(self) -> dict[str, Any]:
        """Return the settings of the part for a run.

        Raises:
            InputError: If one is no number.
        """
        state = self._bench.state
        texts = {"insertion": state.finish_insertion, "engraving": (state.finish_engraving or "").strip()}
        return {"finishing": self._numbers.read() | texts, "material": state.finish_material, "fit_limits": {}}

    def show_fit(self) -> None:
        """Show the fit of the result's part, if there is one."""
        fit = description_of(self._bench.result).get("fit")
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
            }
        )

    def clear(self) -> None:
        """Forget the fit, because there is another implant."""
        self._bench.state.update({"fit_rows": [], "fit_summary": ""})
        self.finishing.say("", "")

    def _start(self, **callbacks: Any) -> ImplantFilesRun:
        return ImplantFilesRun(self._bench.usable_result(), settings=self.settings(), **callbacks)

    def _finished(self, run: ImplantFilesRun) -> str:
        self._implant.show_result()
        self.show_fit()
        if run.part is not None:
            self._implant.show_surface(PART_SURFACE)
        return ""
