"""The regions of the result: a list of their percentages, and the views of them."""

from __future__ import annotations

import json
from typing import Any

import qt
import slicer

from CraNeXtLib.anatomy.head.regions import ALL_REGIONS, Region
from CraNeXtLib.slicer_ui.scene import region_views, views
from CraNeXtLib.slicer_ui.scene.categorization_nodes import DEFECT, REGIONS_ATTRIBUTE, REGIONS_TABLE, segment_id
from CraNeXtLib.slicer_ui.scene.region_chart import fill_chart
from CraNeXtLib.slicer_ui.scene.result_references import INPUT, referenced_node, set_referenced_node
from CraNeXtLib.slicer_ui.scene.scene_nodes import nodes_of_class
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.control_names import with_control_names
from CraNeXtLib.slicer_ui.widgets.message_label import message_in
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.tables import fill_table_widget

CHART = "CraNeXt.RegionChart"
_SWATCH = 12  # pixels


class RegionsSection:
    """The section “Regions”.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
    """

    def __init__(self, ui: Any, binding: ParameterBinding) -> None:
        self._ui = ui
        self._binding = binding
        self._listed: list[Region] = []
        self._shown: tuple[str, str] | None = None
        self._table_view: Any = None
        self.message = message_in(ui.regionsMessageFrame.layout())
        ui.resultSelector.addAttribute("vtkMRMLSegmentationNode", REGIONS_ATTRIBUTE)
        ui.regionsTable.connect("itemSelectionChanged()", self._choose)
        ui.showAllButton.connect("clicked()", self._show_all)
        ui.viewsButton.connect("clicked()", self.look)

    def update(self) -> None:
        """List the regions of the chosen result."""
        result = self._result()
        self._ui.regionsFrame.setVisible(result is not None)
        if result is None:
            self.message.clear()
            self._shown = None
            return
        shown = (result.GetID(), result.GetAttribute(REGIONS_ATTRIBUTE))
        if shown != self._shown:
            self._shown = shown
            self._list(json.loads(shown[1]))

    def look(self) -> None:
        """Arrange the views, and show the result alone in them, seen from the side of the defect."""
        result = self._result()
        if result is None:
            return
        skull = referenced_node(result, INPUT)
        if skull is not None:
            views.hide_skull(skull)
        for other in nodes_of_class(result.GetScene(), "vtkMRMLSegmentationNode"):
            if other.GetAttribute(REGIONS_ATTRIBUTE):
                other.SetDisplayVisibility(other is result)
        if not result.GetSegmentation().ContainsRepresentation("Closed surface"):
            with slicer.util.WaitCursor():
                result.CreateClosedSurfaceRepresentation()
        table = referenced_node(result, REGIONS_TABLE)
        if table is not None:
            region_views.show_layout(table, self._chart(result))
            self._follow_table()
        region_views.show_all(result)
        defect = referenced_node(result, DEFECT)
        position = views.center_of(result if defect is None else defect)
        views.show_position(result.GetScene(), position, views.center_of(result))

    def close(self) -> None:
        """Stop using Slicer's table view."""
        if self._table_view is not None:
            self._table_view.disconnect("selectionChanged()", self._choose_in_table_view)
            self._table_view = None

    def _result(self) -> Any:
        result = self._binding.parameters.result
        return result if result is not None and result.GetAttribute(REGIONS_ATTRIBUTE) else None

    def _list(self, description: dict[str, Any]) -> None:
        defect = description.get("implant")
        bone = {row["name"]: row["percent"] for row in description["regions"]}
        self._listed = [
            region for region in ALL_REGIONS if bone[region.name] or (defect and defect["percent"][region.name])
        ]
        rows: list[tuple[str, ...]] = [(region.name, f"{bone[region.name]:.1f}%") for region in self._listed]
        titles = [_("Region"), _("Of bone")]
        if defect is not None:
            titles.append(_("Of defect"))
            rows = [(*row, f"{defect['percent'][row[0]]:.1f}%") for row in rows]
        fill_table_widget(self._ui.regionsTable, titles, rows, selectable=True)
        for row, region in enumerate(self._listed):
            swatch = qt.QPixmap(_SWATCH, _SWATCH)
            swatch.fill(qt.QColor(*region.color))
            self._ui.regionsTable.item(row, 0).setIcon(qt.QIcon(swatch))
        self._ui.defectLabel.text = _defect_sentence(defect)
        self._ui.defectLabel.setVisible(defect is not None)
        if description["warnings"]:
            self.message.show("warning", with_control_names("\n".join(description["warnings"])))
        else:
            self.message.clear()

    def _choose(self) -> None:
        row = self._ui.regionsTable.currentRow()
        if self._ui.regionsTable.selectedItems() and 0 <= row < len(self._listed):
            self._show_region(self._listed[row])

    def _choose_in_table_view(self) -> None:
        """Show the region of the row that was selected in Slicer's table view."""
        result = self._result() if self._binding.connected else None
        if result is None or not region_views.layout_is_shown():
            return
        index = self._table_view.currentIndex()
        name = self._table_view.mrmlTableNode().GetCellText(index.row(), 0) if index.isValid() else ""
        for region in self._listed:
            if region.name == name:
                self._show_region(region)

    def _show_region(self, region: Region) -> None:
        result = self._result()
        if result is not None and result.GetSegmentation().GetSegment(segment_id(region)) is not None:
            region_views.show_region(result, segment_id(region))

    def _show_all(self) -> None:
        self._ui.regionsTable.clearSelection()
        if self._result() is not None:
            region_views.show_all(self._result())

    def _chart(self, result: Any) -> Any:
        chart = referenced_node(result, CHART)
        if chart is None:
            name = _("{name} chart").format(name=result.GetName())
            chart = result.GetScene().AddNewNodeByClass("vtkMRMLPlotChartNode", name)
            set_referenced_node(result, CHART, chart)
        fill_chart(chart, chart.GetName(), json.loads(result.GetAttribute(REGIONS_ATTRIBUTE)))
        return chart

    def _follow_table(self) -> None:
        """Follow the selected row in Slicer's table view."""
        manager = slicer.app.layoutManager()
        widget = manager.tableWidget(0) if manager is not None and manager.tableViewCount else None
        if widget is not None and self._table_view is None:
            self._table_view = widget.tableView()
            self._table_view.connect("selectionChanged()", self._choose_in_table_view)
        if self._table_view is not None:
            self._table_view.resizeColumnsToContents()  # or long titles would be cut off


def _defect_sentence(defect: dict[str, Any] | None) -> str:
    """Return a sentence on where the defect is and how large it is."""
    if defect is None:
        return ""
    sides = {"left": _("on the left"), "right": _("on the right"), "bilateral": _("on both sides")}
    return _("The defect is {side}, mostly in {region} ({percent:.0f}%): {volume:.1f} mL, {area:.1f} cm².").format(
        side=sides[defect["side"]],
        region=defect["main_region"],
        percent=defect["percent"][defect["main_region"]],
        volume=defect["volume_ml"],
        area=defect["area_cm2"],
    )
