"""Comparison of the implant with a reference implant: metrics, checklist, and distance maps."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.slicer_ui.implant_panel.criteria_table import CriteriaTable
from CraNeXtLib.slicer_ui.implant_panel.result_section import ResultSection
from CraNeXtLib.slicer_ui.implant_panel.step_section import StepSection
from CraNeXtLib.slicer_ui.runs.evaluation_run import EvaluationRun
from CraNeXtLib.slicer_ui.scene.evaluation_nodes import (
    EVALUATION_ATTRIBUTE,
    checklist_rows,
    evaluation_of,
    metric_rows,
    set_evaluation,
)
from CraNeXtLib.slicer_ui.scene.implant_nodes import DEFECTIVE_SKULL, IMPLANT
from CraNeXtLib.slicer_ui.scene.result_references import EVALUATION, is_result, referenced_node
from CraNeXtLib.slicer_ui.scene.result_surfaces import DISTANCES
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.run_panel import RunPanel
from CraNeXtLib.slicer_ui.widgets.segment_choice import SegmentChoice
from CraNeXtLib.slicer_ui.widgets.tables import fill_table_widget

_MAIN_METRICS = 6  # the metrics of the paper, which come first


class EvaluateSection(StepSection):
    """The section “Evaluate”.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
        results: The section that shows the result.
    """

    def __init__(self, ui: Any, binding: ParameterBinding, results: ResultSection) -> None:
        self.comparing = RunPanel(
            _("C&ompare"),
            tool_tip=_("Compare the implant with the reference implant"),
            name=_("comparing implants"),
            start=self._start,
            succeeded=self._compared,
        )
        super().__init__(ui, binding, results, ui.evaluateFrame, self.comparing)
        self._checklist = CriteriaTable(ui.checklistTable, results.go_to)
        self._segments = SegmentChoice(
            ui.referenceSegmentSelector, ui.referenceSegmentLabel, binding, "referenceSegmentId", IMPLANT
        )

    def update(self) -> None:
        """Show the evaluation of the chosen result, if there is one."""
        parameters = self._binding.parameters
        reference, result = parameters.referenceNode, parameters.result
        self._segments.update(reference)
        if not is_result(result):
            reason = _("Press “Make implant” first.")
        elif reference is None:
            reason = _("Choose a “Reference implant”.")
        else:
            reason = self._segments.missing(reference)
        self.comparing.block(reason)
        table: Any = referenced_node(result, EVALUATION) if is_result(result) else None
        self._ui.evaluationResult.setVisible(table is not None)
        shown = None if table is None else (table.GetID(), table.GetAttribute(EVALUATION_ATTRIBUTE))
        self._show_once(shown, lambda: self._show(evaluation_of(table)))

    def _start(self, **callbacks: Any) -> EvaluationRun:
        parameters = self._binding.parameters
        reference = parameters.referenceNode
        return EvaluationRun(
            (parameters.result, IMPLANT),
            (reference, self._segments.segment_id(reference)),
            (parameters.result, DEFECTIVE_SKULL),
            **callbacks,
        )

    def _compared(self, run: EvaluationRun) -> None:
        result = self._binding.parameters.result
        set_evaluation(result, run.table, run.models)
        assert run.description is not None  # the run succeeded
        self.comparing.tell(warnings=run.description["warnings"])
        self._results.show_surface(DISTANCES)

    def _show(self, description: dict[str, Any]) -> None:
        metrics = [(name, _number(value), unit) for name, value, unit, *_rest in metric_rows(description)]
        fill_table_widget(self._ui.metricsTable, (_("Measure"), _("Value"), ""), metrics[:_MAIN_METRICS])
        criteria = (description["checklist"] or {"criteria": []})["criteria"]
        names = [row[0] for row in checklist_rows(description)]
        self._checklist.fill(dict(zip(names, criteria, strict=True)))
        location = description.get("place")
        for widget in (self._ui.regionsTitle, self._ui.regionsTable):
            widget.setVisible(bool(location))
        if location:
            found = sorted(((percent, name) for name, percent in location["percent"].items() if percent), reverse=True)
            sides = {"left": _("left"), "right": _("right"), "bilateral": _("both sides")}
            title = _("Of implant ({side})").format(side=sides[location["side"]])
            rows = [(name, f"{percent:.0f}%") for percent, name in found]
            fill_table_widget(self._ui.regionsTable, (_("Region"), title), rows)


def _number(value: float) -> str:
    return _("infinite") if value == float("inf") else f"{value:.3f}"
