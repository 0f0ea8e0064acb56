"""Making the implant: its run, the defects that were found, the measures, and what the views show of the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from CraNeXtLib.completion import model_library
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.slicer_ui.browser_app.companion import Companion
from CraNeXtLib.slicer_ui.browser_app.controls import file_select, run_button, section, table
from CraNeXtLib.slicer_ui.browser_app.run_control import CONTROLS, RunControl
from CraNeXtLib.slicer_ui.browser_app.skull_section import SkullSection
from CraNeXtLib.slicer_ui.browser_app.workbench import Workbench
from CraNeXtLib.slicer_ui.runs.implant_run import ImplantRun
from CraNeXtLib.slicer_ui.scene.found_defects import defect_rows, defects_to_make
from CraNeXtLib.slicer_ui.scene.implant_nodes import IMPLANT
from CraNeXtLib.slicer_ui.scene.measures_table import measure_rows
from CraNeXtLib.slicer_ui.scene.result_references import SURFACE, description_of, referenced_node
from CraNeXtLib.slicer_ui.scene.result_surfaces import IMPLANT_SURFACE, surfaces_of
from CraNeXtLib.slicer_ui.scene.result_views import show_chosen_surface, show_complete_skull, show_only
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.control_names import with_control_names


class ImplantSection:
    """The section “Implant”.

    Args:
        bench: The case.
        skull: The section that opens skulls.
        made: Called when there is another implant, before it is shown.
    """

    def __init__(self, bench: Workbench, skull: SkullSection, made: Callable[[], None]) -> None:
        self._bench = bench
        self._skull = skull
        self._tell_made = made
        self._defects: list[dict[str, Any]] = []
        self._editing = False
        self._donor = Companion(bench)
        self.making = RunControl(
            bench.state,
            bench.runs,
            "make",
            _("making an implant"),
            start=self._start,
            succeeded=self._made,
            fields=["model", "quick", "donor", "ticks", "skull_threshold"],
        )
        bench.state.update(
            {
                "models": [model.name for model in model_library.available()],
                "model": model_library.DEFAULT_MODEL,
                "quick": False,
                "donor": None,
                "shown_surface": IMPLANT_SURFACE,
                "shown_complete": False,
            }
        )
        self.clear()
        bench.state.change("shown_surface")(self._show_and_face)
        bench.state.change("shown_complete")(self._show_chosen)

    def build(self) -> None:
        """Add the controls to the page."""
        with section(_("Implant"), "implant"):
            v3.VSelect(
                v_model=("model",),
                items=("models",),
                label=_("Model"),
                disabled=("quick",),
                id="model",
            )
            v3.VCheckbox(
                v_model=("quick",),
                label=_("Quick preview, not for manufacture"),
                id="quick",
            )
            file_select(self._bench, "donor", _("Donor: the same skull before"), clearable=True, disabled=("quick",))
            run_button(self.making, _("Make implant"), disabled="!skull_name")
            with html.Div(v_if=("has_result",), classes="mt-2"):
                self._build_defects()
                table("measures", "measures")
                v3.VAlert(
                    v_if=("result_warnings",),
                    text=("result_warnings",),
                    type="warning",
                    density="compact",
                    variant="tonal",
                    style="white-space: pre-line",
                    id="result-warnings",
                    classes="my-2",
                )
                v3.VSelect(
                    v_model=("shown_surface",),
                    items=("surfaces",),
                    label=_("Shown in 3D"),
                    id="surface",
                    classes="mt-2",
                )
                v3.VCheckbox(
                    v_model=("shown_complete",),
                    label=_("Complete skull"),
                    id="complete",
                )

    def show_result(self) -> None:
        """Show the measures, defects and warnings of the result, as they are now."""
        result, state = self._bench.result, self._bench.state
        description = description_of(result)
        defects = description.get("found_defects", [])
        surfaces = [{"value": key, "title": title} for key, (title, _node) in surfaces_of(result).items()]
        state.update(
            {
                "has_result": True,
                "measures": [list(row) for row in measure_rows(description)],
                "result_warnings": with_control_names("\n".join(description["warnings"]), CONTROLS),
                "surfaces": surfaces,
            }
        )
        if defects != self._defects:
            self._defects = defects
            rows = [
                {"number": defect["number"], "text": " · ".join(row)}
                for defect, row in zip(defects, defect_rows(defects), strict=True)
            ]
            state.update({"defects": rows, "ticks": [defect["number"] for defect in defects if defect["made"]]})
        self._show_chosen()

    def show_surface(self, key: str) -> None:
        """Choose the surface that the 3D view shows, and turn to it if it lies on the far side."""
        self._bench.state.shown_surface = key
        self._show_and_face()

    def set_editing(self, editing: bool) -> None:
        """Show the implant's segment in 3D while it is edited, since the surfaces do not follow the edits."""
        if editing != self._editing and self._bench.result is not None:
            self._editing = editing
            self._bench.result.GetDisplayNode().SetSegmentVisibility3D(IMPLANT, editing)
            self._show_chosen()

    def clear(self) -> None:
        """Forget the result, because another skull was opened."""
        self._defects = []
        self._editing = False
        self._donor.clear()
        values = {"measures": [], "result_warnings": "", "defects": [], "ticks": [], "surfaces": []}
        self._bench.state.update({"has_result": False, **values})
        self.making.clear()

    def look_at_defect(self, number: int) -> None:
        """Point the views at a defect."""
        for defect in self._defects:
            if defect["number"] == number:
                self._bench.display.look_at(defect["centre_ras_mm"], self._bench.result)

    def _build_defects(self) -> None:
        html.Div(_("Defects"), v_if=("defects.length",), classes="text-subtitle-2")
        with html.Div(v_for="defect in defects", key="defect.number", classes="d-flex align-center defect"):
            v3.VCheckbox(
                v_if=("defects.length > 1",),
                v_model=("ticks",),
                value=("defect.number",),
                multiple=True,
                classes="flex-grow-0",
            )
            v3.VBtn(
                "{{ defect.text }}",
                click=(self.look_at_defect, "[defect.number]"),
                variant="text",
                size="small",
                classes="text-none",
            )

    def _start(self, **callbacks: Any) -> ImplantRun:
        state, bench = self._bench.state, self._bench
        if bench.skull is None:
            raise InputError(_("Open a skull first."))
        settings: dict[str, Any] = {"device": "auto", "preview": bool(state.quick)}
        if not state.quick:
            settings["model"] = state.model
        if bench.result is not None:
            settings["defects"] = defects_to_make(
                self._defects, [defect["number"] in state.ticks for defect in self._defects]
            )
        if self._skull.threshold_hu is not None:
            settings["bone_threshold_hu"] = self._skull.threshold_hu
        donor = None
        if state.donor and not state.quick:
            donor = (self._donor.open(state.donor), None)
        model = None if bench.result is None else referenced_node(bench.result, SURFACE)
        return ImplantRun(bench.skull, bench.result, model, donor=donor, settings=settings, **callbacks)

    def _made(self, run: ImplantRun) -> list[str]:
        bench = self._bench
        bench.result = run.segmentation
        self._tell_made()
        self._skull.hide_bone()
        show_only(bench.result)
        self.show_result()
        bench.display.face(referenced_node(bench.result, SURFACE), bench.result)
        return []

    def _show_and_face(self, **_state: Any) -> None:
        self._show_chosen()
        bench = self._bench
        shown = surfaces_of(bench.result).get(bench.state.shown_surface) if bench.result is not None else None
        if shown is not None and bench.display.hides(shown[1], bench.result):
            bench.display.face(shown[1], bench.result)

    def _show_chosen(self, **_state: Any) -> None:
        result, state = self._bench.result, self._bench.state
        if result is None:
            return
        show_complete_skull(result, bool(state.shown_complete))
        state.shown_surface = show_chosen_surface(result, state.shown_surface, editing=self._editing)
        self._bench.display.redraw()
