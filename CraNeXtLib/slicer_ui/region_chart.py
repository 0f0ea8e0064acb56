"""A bar chart of the regions in the scene: how much of the defect, or of the bone, lies in each."""

from __future__ import annotations

from typing import Any

import slicer
import vtk

from CraNeXtLib.regions import ALL_REGIONS
from CraNeXtLib.slicer_ui.result_nodes import fill_columns
from CraNeXtLib.slicer_ui.translation import _

_NUMBERS = "CraNeXt.Numbers"
_RANGE = (-0.5, 1.0)  # of the axis: all bars stand side by side around 0, and the legend beside them


def fill_chart(chart: Any, name: str, description: dict[str, Any]) -> None:
    """Let a plot chart node show a bar for each region that has a share, in its colour.

    Slicer's bar charts write no names under the bars, so that each is a series of its own, which the legend names.

    Args:
        chart: The node; its series and their numbers are made anew.
        name: Of the series' table.
        description: The content of ``regions.json``.
    """
    remove_parts(chart)
    scene, defect = chart.GetScene(), description.get("implant")
    shares = {row["name"]: row["percent"] for row in description["regions"]}
    if defect is not None:
        shares = defect["percent"]
    shown = [region for region in ALL_REGIONS if shares[region.name] > 0]
    numbers = _hidden(scene, "vtkMRMLTableNode", name)
    columns = {region.name: vtk.vtkDoubleArray() for region in shown}
    for title, column in columns.items():
        column.InsertNextValue(shares[title])
    fill_columns(numbers, columns)
    chart.SetNodeReferenceID(_NUMBERS, numbers.GetID())
    for region in shown:
        series = _hidden(scene, "vtkMRMLPlotSeriesNode", region.name)
        series.SetAndObserveTableNodeID(numbers.GetID())
        series.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeBar)
        series.SetYColumnName(region.name)
        series.SetColor(*(value / 255 for value in region.color))
        chart.AddAndObservePlotSeriesNodeID(series.GetID())
    chart.SetTitle(_("Regions of the defect") if defect is not None else _("Regions of the skull"))
    chart.SetYAxisTitle(_("Share of the defect [%]") if defect is not None else _("Share of the bone [%]"))
    chart.SetXAxisTitle("")
    chart.SetXAxisRangeAuto(False)
    chart.SetXAxisRange(*_RANGE)
    chart.SetGridVisibility(False)


def remove_parts(chart: Any) -> None:
    """Remove the series of a chart and their numbers from the scene."""
    parts = [chart.GetNthPlotSeriesNode(number) for number in range(chart.GetNumberOfPlotSeriesNodes())]
    parts.append(chart.GetNodeReference(_NUMBERS))
    chart.RemoveAllPlotSeriesNodeIDs()
    for part in parts:
        if part is not None:
            chart.GetScene().RemoveNode(part)


def _hidden(scene: Any, class_name: str, name: str) -> Any:
    """Return a new node that no list shows."""
    node = scene.AddNewNodeByClass(class_name, name)
    node.SetHideFromEditors(True)
    return node
