"""Models of bone to print, to try the part in, and a titanium sheet over the defect."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.slicer_ui.implant_panel.result_section import ResultSection
from CraNeXtLib.slicer_ui.implant_panel.step_section import StepSection
from CraNeXtLib.slicer_ui.runs.model_settings import model_settings
from CraNeXtLib.slicer_ui.runs.models_run import ModelsRun
from CraNeXtLib.slicer_ui.scene.model_nodes import model_rows, models_of
from CraNeXtLib.slicer_ui.scene.result_references import is_result, reason_implant_unusable
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.run_panel import RunPanel
from CraNeXtLib.slicer_ui.widgets.tables import fill_table_widget


class ModelsSection(StepSection):
    """The section “Models and onlay”.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
        results: The section that shows the result.
    """

    def __init__(self, ui: Any, binding: ParameterBinding, results: ResultSection) -> None:
        self.making = RunPanel(
            _("Make the models"),
            tool_tip=_("Make what is asked for, and show it; “Export” writes it, too"),
            name=_("making models"),
            start=lambda **callbacks: ModelsRun(
                binding.parameters.result, model_settings(binding.parameters), **callbacks
            ),
            succeeded=self._made,
        )
        super().__init__(ui, binding, results, ui.modelsFrame, self.making)

    def update(self) -> None:
        """Show what is still needed, and the measures of the chosen result's models."""
        parameters = self._binding.parameters
        reason = reason_implant_unusable(parameters.result)
        if not reason and not any(model_settings(parameters).values()):
            reason = _("Set “Bone model”, “Skull model” or “Onlay thickness”.")
        self.making.block(reason)
        rows = model_rows(parameters.result) if is_result(parameters.result) else []
        self._ui.modelsTable.setVisible(bool(rows))
        if rows:
            fill_table_widget(self._ui.modelsTable, (_("Measure"), _("Value"), ""), rows)

    def _made(self, run: ModelsRun) -> None:
        assert run.description is not None  # the run succeeded
        self.making.tell(warnings=run.description["warnings"])
        self._results.show_surface(next(iter(models_of(run.segmentation))))
