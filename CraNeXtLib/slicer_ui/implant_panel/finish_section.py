"""Finishing: from the model's implant to a part that can be manufactured and inserted, and its fit."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.implant.fit.materials import DENSITIES_G_CM3
from CraNeXtLib.slicer_ui.implant_panel.criteria_table import CriteriaTable
from CraNeXtLib.slicer_ui.implant_panel.result_section import ResultSection
from CraNeXtLib.slicer_ui.implant_panel.step_section import StepSection
from CraNeXtLib.slicer_ui.runs.implant_files_run import ImplantFilesRun
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

SETTINGS = {
    "clearance_mm": "clearance",
    "edge_radius_mm": "edgeRadius",
    "minimum_wall_mm": "minimumWall",
    "rim_bevel_deg": "rimBevel",
    "under_contour_mm": "underContour",
    "minimum_thickness_mm": "minimumThickness",
    "maximum_thickness_mm": "maximumThickness",
    "insertion": "insertion",
    "perforation_diameter_mm": "perforationDiameter",
    "perforation_pitch_mm": "perforationPitch",
    "perforation_border_mm": "perforationBorder",
    "engraving": "engraving",
}
"""Fields of :class:`CraNeXtLib.implant.finishing.FinishSettings`, and the names of their parameters."""

LIMITS = {
    "gap_mm": "gapLimit",
    "overlap_mm": "overlapLimit",
    "rim_percent": "rimLimit",
    "seat_deg": "seatLimit",
    "wall_mm": "wallLimit",
    "collision_mm": "collisionLimit",
}
"""Fields of :class:`CraNeXtLib.implant.fit.fit_limits.FitLimits`, and the names of their parameters."""


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
        )
        super().__init__(ui, binding, results, ui.finishFrame, self.finishing)
        self._criteria = CriteriaTable(ui.fitTable, results.go_to)
        insertions = {"auto": _("Remove undercuts"), "none": _("Keep undercuts")}
        self._choices = (
            Choice(ui.insertionComboBox, binding, "insertion", insertions),
            Choice(ui.materialComboBox, binding, "material", {name: name for name in DENSITIES_G_CM3}),
        )

    def settings(self) -> dict[str, Any]:
        """Return the settings of the finished part for a run."""
        parameters = self._binding.parameters
        finishing = {name: getattr(parameters, parameter) for name, parameter in SETTINGS.items()}
        limits = {name: getattr(parameters, parameter) for name, parameter in LIMITS.items()}
        if not limits["gap_mm"]:
            del limits["gap_mm"]  # the one that goes with the clearance
        return {"finishing": finishing, "material": parameters.material, "fit_limits": limits}

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
        shown = None if fit is None else (part.GetID(), result.GetID())
        self._show_once(shown, lambda: self._show(fit))

    def _finished(self, run: ImplantFilesRun) -> None:
        if run.part is None:
            assert run.description is not None  # the run succeeded
            self.finishing.message.show("warning", "\n".join(run.description["warnings"]))
            self._binding.update()
            return
        self._results.show_surface(PART_SURFACE)

    def _show(self, fit: dict[str, Any]) -> None:
        self._ui.fitTitle.text = _("<b>Fit of the part</b>: {volume:.1f} mL, {weight:.0f} g of {material}").format(
            volume=fit["volume_ml"], weight=fit["weight_g"], material=fit["material"]
        )
        names = {
            "rim_within": _("Rim within tolerance"),
            "overlap": _("Overlap with bone"),
            "seat": _("Seat angle of the rim"),
            "wall": _("Thinnest wall"),
            "insertion": _("Overlap during insertion"),
            "watertight": _("Surface watertight"),
        }
        self._criteria.fill({names.get(c["name"], c["name"]): c for c in fit["criteria"]})
