"""From the model's implant to a part that can be made and put in, and how it fits."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.fit_check.materials import DENSITIES_G_CM3
from CraNeXtLib.slicer_ui.choices import fill_choices
from CraNeXtLib.slicer_ui.implant_files_run import ImplantFilesRun
from CraNeXtLib.slicer_ui.implant_panel.criteria_table import CriteriaTable
from CraNeXtLib.slicer_ui.implant_panel.result_section import ResultSection
from CraNeXtLib.slicer_ui.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.result_references import PART, description_of, is_result, referred
from CraNeXtLib.slicer_ui.result_surfaces import PART_SURFACE
from CraNeXtLib.slicer_ui.run_panel import RunPanel
from CraNeXtLib.slicer_ui.translation import _

SETTINGS = {
    "clearance_mm": "clearance",
    "edge_radius_mm": "edgeRadius",
    "under_contour_mm": "underContour",
    "minimum_thickness_mm": "minimumThickness",
    "maximum_thickness_mm": "maximumThickness",
    "insertion": "insertion",
    "perforation_diameter_mm": "perforationDiameter",
    "perforation_pitch_mm": "perforationPitch",
    "perforation_border_mm": "perforationBorder",
    "engraving": "engraving",
}
"""The settings of :class:`CraNeXtLib.finishing.FinishSettings`, and the parameters that hold them."""


class FinishSection:
    """The section Finish.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
        results: The section that shows the result, and places in it.
    """

    def __init__(self, ui: Any, binding: ParameterBinding, results: ResultSection) -> None:
        self._ui = ui
        self._binding = binding
        self._results = results
        self._shown: tuple[str, str] | None = None
        self._choices = {"insertion": ui.insertionComboBox, "material": ui.materialComboBox}
        ways = {"auto": _("Remove undercuts"), "none": _("Keep undercuts")}
        fill_choices(ui.insertionComboBox, ways)
        fill_choices(ui.materialComboBox, {name: name for name in DENSITIES_G_CM3})
        for parameter, box in self._choices.items():
            box.connect("activated(int)", lambda _row, parameter=parameter: self._store(parameter))
        self._criteria = CriteriaTable(ui.fitTable, results.go_to)
        self.finishing = RunPanel(
            _("Make the part"),
            tool_tip=_("Give the implant its clearance and the other steps, and check how it fits"),
            name=_("finishing an implant"),
            start=lambda **told: ImplantFilesRun(binding.parameters.result, **self.settings(), **told),
            succeeded=self._finished,
        )
        ui.finishFrame.layout().addWidget(self.finishing.widget)

    def settings(self) -> dict[str, Any]:
        """Return how the part is to be finished, as arguments of a run."""
        parameters = self._binding.parameters
        finishing = {name: getattr(parameters, parameter) for name, parameter in SETTINGS.items()}
        return {"finishing": finishing, "material": parameters.material}

    def update(self) -> None:
        """Show the settings, and how the chosen result's part fits, if there is one."""
        parameters = self._binding.parameters
        for parameter, box in self._choices.items():
            box.setCurrentIndex(box.findData(getattr(parameters, parameter)))
        result = parameters.result
        usable = is_result(result)
        self.finishing.block("" if usable else _("Make an implant first."))
        part = referred(result, PART) if usable else None
        fit = description_of(result).get("fit") if part is not None else None
        for widget in (self._ui.fitTitle, self._ui.fitTable):
            widget.setVisible(fit is not None)
        if fit is None:
            self._shown = None
        elif self._shown != (part.GetID(), result.GetID()):
            self._shown = (part.GetID(), result.GetID())
            self._show(fit)

    def close(self) -> None:
        """Let go of the widgets before they are deleted."""
        self.finishing.close()

    def _store(self, parameter: str) -> None:
        if self._binding.connected:
            setattr(self._binding.parameters, parameter, self._choices[parameter].currentData)

    def _finished(self, run: ImplantFilesRun) -> None:
        if run.part is None:
            self.finishing.message.show("warning", "\n".join(run.description["warnings"]))
            self._binding.update()
            return
        self._results.show_surface(PART_SURFACE)

    def _show(self, fit: dict[str, Any]) -> None:
        self._ui.fitTitle.text = _("<b>How the part fits</b>: {volume:.1f} mL, {weight:.0f} g of {material}").format(
            volume=fit["volume_ml"], weight=fit["weight_g"], material=fit["material"]
        )
        names = {
            "rim_within": _("Rim within tolerance"),
            "overlap": _("Overlap with bone"),
            "wall": _("Thinnest wall beside the rim"),
            "insertion": _("Bone touched on the way in"),
            "watertight": _("Surface closed"),
        }
        self._criteria.fill({names.get(c["name"], c["name"]): c for c in fit["criteria"]})
