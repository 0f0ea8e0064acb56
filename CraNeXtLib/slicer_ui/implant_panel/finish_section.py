"""Finishing: from the model's implant to a part that can be manufactured and inserted, and its fit."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.implant.fit.materials import DENSITIES_G_CM3
from CraNeXtLib.slicer_ui.implant_panel.criteria_table import CriteriaTable
from CraNeXtLib.slicer_ui.implant_panel.result_section import ResultSection
from CraNeXtLib.slicer_ui.implant_panel.setting_controls import finishing_controls
from CraNeXtLib.slicer_ui.implant_panel.step_section import StepSection
from CraNeXtLib.slicer_ui.runs.finish_settings import finish_settings
from CraNeXtLib.slicer_ui.runs.implant_files_run import ImplantFilesRun
from CraNeXtLib.slicer_ui.scene.criteria_rows import fit_names
from CraNeXtLib.slicer_ui.scene.fixation_nodes import fixation_rows
from CraNeXtLib.slicer_ui.scene.result_references import (
    PART,
    description_of,
    is_result,
    reason_implant_unusable,
    referenced_node,
)
from CraNeXtLib.slicer_ui.scene.result_surfaces import PART_SURFACE
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.parameter_widgets import Choice
from CraNeXtLib.slicer_ui.widgets.run_panel import RunPanel
from CraNeXtLib.slicer_ui.widgets.tables import fill_table_widget


class FinishSection(StepSection):
    """The section “Finish”.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
        results: The section that shows the result.
    """

    def __init__(self, ui: Any, binding: ParameterBinding, results: ResultSection) -> None:
        self.finishing = RunPanel(
            _("Make the part"),
            tool_tip=_("Apply clearance and the other steps to the implant, and check the fit"),
            name=_("finishing an implant"),
            start=lambda **callbacks: ImplantFilesRun(binding.parameters.result, settings=self.settings(), **callbacks),
            succeeded=self._finished,
            controls=finishing_controls(ui),
        )
        super().__init__(ui, binding, results, ui.finishFrame, self.finishing)
        self._criteria = CriteriaTable(ui.fitTable, results.go_to)
        self._holes: list[tuple[float, float, float]] = []
        ui.fixationTable.connect("itemSelectionChanged()", self._look_at_hole)
        plates = {"straight": _("On the surface"), "pocket": _("In recesses")}
        joints = {"lap": _("Overlapping halves"), "gap": _("Straight walls")}
        insertions = {"auto": _("Remove undercuts"), "none": _("Keep undercuts")}
        self._choices = (
            Choice(ui.insertionComboBox, binding, "insertion", insertions),
            Choice(ui.plateKindComboBox, binding, "plateKind", plates),
            Choice(ui.segmentJointComboBox, binding, "segmentJoint", joints),
            Choice(ui.materialComboBox, binding, "material", {name: name for name in DENSITIES_G_CM3}),
        )

    def settings(self) -> dict[str, Any]:
        """Return the settings of the finished part for a run.

        Raises:
            InputError: If the settings contradict each other.
        """
        return finish_settings(self._binding.parameters)

    def update(self) -> None:
        """Show the settings, and the fit of the chosen result's part, if there is one."""
        for choice in self._choices:
            choice.update()
        result = self._binding.parameters.result
        usable = is_result(result)
        self.finishing.block(reason_implant_unusable(result))
        part: Any = referenced_node(result, PART) if usable else None
        fit: Any = description_of(result).get("fit") if part is not None else None
        for widget in (self._ui.fitTitle, self._ui.fitTable):
            widget.setVisible(fit is not None)
        self._show_holes(fixation_rows(description_of(result)) if fit is not None else [])
        shown = None if fit is None else (part.GetID(), result.GetID())
        self._show_once(shown, lambda: self._show(fit))

    def _finished(self, run: ImplantFilesRun) -> None:
        if run.part is None:
            assert run.description is not None  # the run succeeded
            self.finishing.tell(warnings=run.description["warnings"])
            self._binding.update()
            return
        self._results.show_surface(PART_SURFACE)

    def _show(self, fit: dict[str, Any]) -> None:
        self._ui.fitTitle.text = _("<b>Fit of the part</b>: {volume:.1f} mL, {weight:.0f} g of {material}").format(
            volume=fit["volume_ml"], weight=fit["weight_g"], material=fit["material"]
        )
        names = fit_names()
        self._criteria.fill({names.get(c["name"], c["name"]): c for c in fit["criteria"]})

    def _show_holes(self, rows: list[tuple[str, str, tuple[float, float, float]]]) -> None:
        for widget in (self._ui.fixationTitle, self._ui.fixationTable):
            widget.setVisible(bool(rows))
        places = [place for _name, _size, place in rows]
        if places != self._holes:
            self._holes = []  # filling the table selects nothing
            cells = [(name, size) for name, size, _place in rows]
            fill_table_widget(self._ui.fixationTable, (_("Screw or hole"), _("Size")), cells, selectable=True)
            self._holes = places

    def _look_at_hole(self) -> None:
        row = self._ui.fixationTable.currentRow()
        if 0 <= row < len(self._holes):
            self._results.go_to(self._holes[row])
