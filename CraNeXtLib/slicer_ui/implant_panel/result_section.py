"""What was made: measures, warnings, and where to look."""

from __future__ import annotations

from typing import Any

import slicer

from CraNeXtLib.slicer_ui.scene import views
from CraNeXtLib.slicer_ui.scene.implant_nodes import COMPLETE_SKULL, DEFECTIVE_SKULL, IMPLANT, has_surface
from CraNeXtLib.slicer_ui.scene.measures_table import measure_rows
from CraNeXtLib.slicer_ui.scene.result_references import INPUT, description_of, is_result, referred
from CraNeXtLib.slicer_ui.scene.result_surfaces import RIMS, surfaces_of
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.choices import fill_choices
from CraNeXtLib.slicer_ui.widgets.message_label import message_in
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.tables import fill_grid


class ResultSection:
    """The section Implant, and the views of the result that is chosen in it.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
    """

    def __init__(self, ui: Any, binding: ParameterBinding) -> None:
        self._ui = ui
        self._binding = binding
        self._shown: str | None = None
        self._message = message_in(ui.resultMessageFrame.layout())
        ui.resultSelector.addAttribute("vtkMRMLSegmentationNode", "CraNeXt.Result")
        self._keys: tuple[str, ...] = ()
        self._editing = False
        self._defects: list[dict[str, Any]] = []
        ui.defectsTable.connect("itemSelectionChanged()", self._look_at_defect)
        ui.surfaceComboBox.connect("activated(int)", lambda _row: self.show_surface(ui.surfaceComboBox.currentData))
        ui.showButton.connect("clicked()", self.look)
        ui.showCompleteCheckBox.connect("toggled(bool)", self._show_complete)

    def update(self) -> None:
        """Show the chosen result's measures; hide the other results from the views when it has changed."""
        result = self._binding.parameters.result
        usable = is_result(result)
        ui = self._ui
        for widget in (ui.measuresTable, ui.showButton, ui.showCompleteCheckBox, ui.surfaceLabel, ui.surfaceComboBox):
            widget.setVisible(usable)
        if not usable:
            self._show_defects([])
            self._message.clear()
            self._shown = None
            return
        description = description_of(result)
        fill_grid(
            self._ui.measuresTable,
            (_("Measure"), _("Value"), ""),
            [(name, value, unit) for name, value, unit in measure_rows(description)],
        )
        self._show_defects(description.get("defects", []))
        if description["warnings"]:
            self._message.show("warning", "\n".join(description["warnings"]))
        else:
            self._message.clear()
        if self._shown != result.GetID():
            self._shown = result.GetID()
            self._show_only(result)
        self._show_chosen_surface(result)

    def show_surface(self, key: str) -> None:
        """Show one of the surfaces of ``surfaces_of`` instead of another."""
        self._binding.parameters.shownSurface = key
        self._binding.update()

    def set_editing(self, editing: bool) -> None:
        """Show the implant's segment in 3D while it is edited, since all surfaces are what they were before."""
        self._editing = editing
        result = self._binding.parameters.result
        if is_result(result):
            result.GetDisplayNode().SetSegmentVisibility3D(IMPLANT, editing)
            self._show_chosen_surface(result)

    def _show_defects(self, defects: list[dict[str, Any]]) -> None:
        """List the separate defects; choosing one looks at it."""
        for widget in (self._ui.defectsTitle, self._ui.defectsTable):
            widget.setVisible(bool(defects))
        if defects == self._defects:
            return
        self._defects = []  # what is filled in now is not chosen
        sides = {"left": _("left"), "right": _("right"), "bilateral": _("both sides")}
        rows = [
            (f"{number}: {defect['main_region']}", sides[defect["side"]], f"{defect['area_cm2']:.1f} cm²")
            for number, defect in enumerate(defects, start=1)
        ]
        fill_grid(self._ui.defectsTable, (_("Defect"), _("Side"), _("Area")), rows, selectable=True)
        self._defects = defects

    def _look_at_defect(self) -> None:
        row = self._ui.defectsTable.currentRow()
        if 0 <= row < len(self._defects):
            self.go_to(self._defects[row]["centre_ras_mm"])

    def _show_chosen_surface(self, result: Any) -> None:
        surfaces = surfaces_of(result)
        titles = {key: title for key, (title, _node) in surfaces.items()}
        if tuple(titles) != self._keys:
            self._keys = tuple(titles)
            fill_choices(self._ui.surfaceComboBox, titles)
        chosen = self._binding.parameters.shownSurface
        if chosen not in surfaces:
            chosen = next(iter(surfaces), "")
        self._ui.surfaceComboBox.setCurrentIndex(self._ui.surfaceComboBox.findData(chosen))
        for key, (_title, node) in surfaces.items():
            node.SetDisplayVisibility(key == chosen and not self._editing)
        # The skull would hide a rim.
        result.GetDisplayNode().SetSegmentVisibility3D(DEFECTIVE_SKULL, chosen not in RIMS or self._editing)

    def look(self) -> None:
        """Arrange the views, look at the defect from outside, and move the slices through it."""
        result = self._binding.parameters.result
        surfaces = surfaces_of(result) if is_result(result) else {}
        if not surfaces:
            return
        _title, surface = next(iter(surfaces.values()))
        if not has_surface(result, DEFECTIVE_SKULL):
            with slicer.util.WaitCursor():
                result.CreateClosedSurfaceRepresentation()
        views.arrange_views(slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView)
        views.show_place(result.GetScene(), views.middle_of(surface), views.middle_of(result))

    def go_to(self, place_ras: Any) -> None:
        """Look at a place, RAS in mm in the coordinates of the result, from outside."""
        result = self._binding.parameters.result
        place = views.in_world(result, place_ras)
        views.show_place(result.GetScene(), place, views.middle_of(result))
        views.mark(result.GetScene(), place)

    def _show_only(self, result: Any) -> None:
        for node in result.GetScene().GetNodesByClass("vtkMRMLSegmentationNode"):
            if is_result(node):
                node.SetDisplayVisibility(node is result)
                for _title, surface in surfaces_of(node).values():
                    surface.SetDisplayVisibility(False)  # but the chosen one of the result, see below
        skull = referred(result, INPUT)
        if skull is not None and skull.IsA("vtkMRMLSegmentationNode"):
            skull.SetDisplayVisibility(False)  # it lies where the result does
        elif skull is not None:
            views.hide_labels(skull)
        self._show_complete(self._ui.showCompleteCheckBox.checked)

    def _show_complete(self, complete: bool) -> None:
        result = self._binding.parameters.result
        if not is_result(result) or result.GetDisplayNode() is None:
            return
        display = result.GetDisplayNode()
        display.SetSegmentVisibility(COMPLETE_SKULL, complete)
        display.SetSegmentVisibility(DEFECTIVE_SKULL, not complete)
