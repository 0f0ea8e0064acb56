"""The chosen result: its measurements, its warnings, and the views of it."""

from __future__ import annotations

from typing import Any

import qt
import slicer

from CraNeXtLib.slicer_ui.implant_panel.setting_controls import finishing_controls
from CraNeXtLib.slicer_ui.scene import views
from CraNeXtLib.slicer_ui.scene.found_defects import defect_rows, defects_to_make
from CraNeXtLib.slicer_ui.scene.implant_nodes import DEFECTIVE_SKULL, IMPLANT, has_surface
from CraNeXtLib.slicer_ui.scene.measures_table import measure_rows
from CraNeXtLib.slicer_ui.scene.result_references import INPUT, description_of, is_result, referenced_node
from CraNeXtLib.slicer_ui.scene.result_surfaces import surfaces_of
from CraNeXtLib.slicer_ui.scene.result_views import show_chosen_surface, show_complete_skull, show_only
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.choices import fill_choices
from CraNeXtLib.slicer_ui.widgets.control_names import with_control_names
from CraNeXtLib.slicer_ui.widgets.message_label import message_in
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.tables import fill_table_widget


class ResultSection:
    """The section “Implant”, and the views of the result that is chosen in it.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
    """

    def __init__(self, ui: Any, binding: ParameterBinding) -> None:
        self._ui = ui
        self._binding = binding
        self._shown: str | None = None
        self._controls = finishing_controls(ui)
        self.message = message_in(ui.resultMessageFrame.layout())
        ui.resultSelector.addAttribute("vtkMRMLSegmentationNode", "CraNeXt.Result")
        self._keys: tuple[str, ...] = ()
        self._editing = False
        self._defects: list[dict[str, Any]] = []
        ui.defectsTable.connect("itemSelectionChanged()", self._look_at_defect)
        ui.surfaceComboBox.connect("activated(int)", lambda _row: self.show_surface(ui.surfaceComboBox.currentData))
        ui.showButton.connect("clicked()", self.look)
        ui.showCompleteCheckBox.connect("toggled(bool)", self._show_complete)

    def update(self) -> None:
        """Show the chosen result's measurements; after another choice, hide the other results in the views."""
        result = self._binding.parameters.result
        usable = is_result(result)
        ui = self._ui
        for widget in (ui.measuresTable, ui.showButton, ui.showCompleteCheckBox, ui.surfaceLabel, ui.surfaceComboBox):
            widget.setVisible(usable)
        if not usable:
            self._show_defects([])
            self.message.clear()
            self._shown = None
            return
        description = description_of(result)
        fill_table_widget(
            self._ui.measuresTable,
            (_("Measure"), _("Value"), ""),
            [(name, value, unit) for name, value, unit in measure_rows(description)],
        )
        self._show_defects(description.get("found_defects", []))
        if description["warnings"]:
            self.message.show("warning", with_control_names("\n".join(description["warnings"]), self._controls))
        else:
            self.message.clear()
        if self._shown != result.GetID():
            self._shown = result.GetID()
            self._show_only(result)
        self._show_chosen_surface(result)

    def show_surface(self, key: str) -> None:
        """Show one of the surfaces of ``surfaces_of`` in 3D, given its key."""
        self._binding.parameters.shownSurface = key
        self._binding.update()

    def set_editing(self, editing: bool) -> None:
        """Show the implant's segment in 3D while it is edited, since the surfaces do not follow the edits."""
        self._editing = editing
        result = self._binding.parameters.result
        if is_result(result):
            result.GetDisplayNode().SetSegmentVisibility3D(IMPLANT, editing)
            self._show_chosen_surface(result)

    def _show_defects(self, defects: list[dict[str, Any]]) -> None:
        """List all defects, with a tick for those that were made; selecting one points the views at it."""
        for widget in (self._ui.defectsTitle, self._ui.defectsTable):
            widget.setVisible(bool(defects))
        if defects == self._defects:
            return
        self._defects = []  # filling the table selects nothing
        fill_table_widget(
            self._ui.defectsTable, (_("Defect"), _("Side"), _("Volume")), defect_rows(defects), selectable=True
        )
        if len(defects) > 1:
            for row, defect in enumerate(defects):
                self._ui.defectsTable.item(row, 0).setCheckState(qt.Qt.Checked if defect["made"] else qt.Qt.Unchecked)
        self._defects = defects

    def chosen_defects(self, skull: Any) -> str | None:
        """Return the defects to make, for ``CaseSettings``; None for those that are not doubtful.

        Args:
            skull: Input node of the next run. The ticks count only for the node that the shown result was made of.

        Raises:
            InputError: If no defect is ticked.
        """
        result = self._binding.parameters.result
        if len(self._defects) < 2 or skull is None or referenced_node(result, INPUT) is not skull:
            return None
        table = self._ui.defectsTable
        ticks = [table.item(row, 0).checkState() == qt.Qt.Checked for row in range(len(self._defects))]
        return defects_to_make(self._defects, ticks)

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
        chosen = show_chosen_surface(result, self._binding.parameters.shownSurface, editing=self._editing)
        self._ui.surfaceComboBox.setCurrentIndex(self._ui.surfaceComboBox.findData(chosen))

    def look(self) -> None:
        """Arrange the views, and point them at the defect."""
        result = self._binding.parameters.result
        surfaces = surfaces_of(result) if is_result(result) else {}
        if not surfaces:
            return
        _title, surface = next(iter(surfaces.values()))
        if not has_surface(result, DEFECTIVE_SKULL):
            with slicer.util.WaitCursor():
                result.CreateClosedSurfaceRepresentation()
        views.set_layout(slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView)
        views.show_position(result.GetScene(), views.center_of(surface), views.center_of(result))

    def go_to(self, position_ras: Any) -> None:
        """Point the views at a position in the coordinates of the result, RAS in mm, and mark it."""
        result = self._binding.parameters.result
        position = views.to_world(result, position_ras)
        views.show_position(result.GetScene(), position, views.center_of(result))
        views.mark(result.GetScene(), position)

    def _show_only(self, result: Any) -> None:
        show_only(result)  # update() then shows the chosen surface
        self._show_complete(self._ui.showCompleteCheckBox.checked)

    def _show_complete(self, complete: bool) -> None:
        result = self._binding.parameters.result
        if is_result(result):
            show_complete_skull(result, complete)
