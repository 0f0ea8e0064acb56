"""A bar chart of the regions in the scene: the percentage of the defect, or of the bone, in each."""

from __future__ import annotations

from typing import Any

import slicer
import vtk

from CraNeXtLib.anatomy.head.regions import ALL_REGIONS, REGIONS, Region
from CraNeXtLib.slicer_ui.scene.result_nodes import fill_columns
from CraNeXtLib.slicer_ui.translation import _

_NUMBERS = "CraNeXt.Numbers"
_TITLES_PER_LINE = 4  # in the axis title
_BAR_WIDTH = 0.8  # fraction of the distance between two bars


def fill_chart(chart: Any, name: str, description: dict[str, Any]) -> None:
    """Show a bar for each region with a nonzero percentage in a plot chart node, in the region's color.

    Slicer's axes show numbers only. The axis title therefore lists which region each number stands for; the numbers are
    those of the rows in the table of sizes.

    Args:
        chart: The plot chart node; its series and their table are created again.
        name: Name of the table.
        description: The content of ``regions.json``.
    """
    remove_parts(chart)
    scene, defect = chart.GetScene(), description.get("implant")
    percentages = {row["name"]: row["percent"] for row in description["regions"]}
    if defect is not None:
        percentages = defect["percent"]
    numbered = {number: region for number, region in enumerate(ALL_REGIONS, start=1) if percentages[region.name] > 0}
    numbers = _hidden(scene, "vtkMRMLTableNode", name)
    columns = {}
    for position, region in zip(_bar_positions(list(numbered)), numbered.values(), strict=True):
        columns[_position_column(region)] = _column(position, position + len(numbered))
        columns[region.name] = _column(percentages[region.name], 0.0)
    fill_columns(numbers, columns)
    chart.SetNodeReferenceID(_NUMBERS, numbers.GetID())
    for region in numbered.values():
        series = _hidden(scene, "vtkMRMLPlotSeriesNode", region.name)
        series.SetAndObserveTableNodeID(numbers.GetID())
        series.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatterBar)
        series.SetXColumnName(_position_column(region))
        series.SetYColumnName(region.name)
        series.SetColor(*(value / 255 for value in region.color))
        chart.AddAndObservePlotSeriesNodeID(series.GetID())
    chart.SetTitle(_("Regions of the defect") if defect is not None else _("Regions of the skull"))
    chart.SetYAxisTitle(_("Percentage of the defect [%]") if defect is not None else _("Percentage of the bone [%]"))
    chart.SetXAxisTitle(_axis_title(max([len(REGIONS), *numbered])))
    chart.SetAxisTitleFontSize(12)
    chart.SetXAxisRangeAuto(False)
    chart.SetXAxisRange(0.5, max([len(REGIONS), *numbered]) + 0.5)
    chart.SetLegendVisibility(False)
    chart.SetGridVisibility(False)


def _bar_positions(numbers: list[int]) -> list[float]:
    """Return the x coordinate at which each series' bar must be placed to be drawn above its number.

    VTK draws the bars of several series side by side, centered on their common x coordinate. It derives their width
    from the distance between the first two bars of a series, which is therefore set to the number of series.
    """
    count = len(numbers)
    return [number + _BAR_WIDTH * (count - 1 - 2 * index) / 2 for index, number in enumerate(numbers)]


def _axis_title(count: int) -> str:
    titles = [f"{number} {region.name}" for number, region in enumerate(ALL_REGIONS[:count], start=1)]
    lines = [titles[start : start + _TITLES_PER_LINE] for start in range(0, count, _TITLES_PER_LINE)]
    return "\n".join(" · ".join(line) for line in lines)


def _position_column(region: Region) -> str:
    return f"{region.name}: position"


def _column(*values: float) -> Any:
    column = vtk.vtkDoubleArray()
    for value in values:
        column.InsertNextValue(value)
    return column


def remove_parts(chart: Any) -> None:
    """Remove the series of a chart and their table from the scene."""
    parts = [chart.GetNthPlotSeriesNode(number) for number in range(chart.GetNumberOfPlotSeriesNodes())]
    parts.append(chart.GetNodeReference(_NUMBERS))
    chart.RemoveAllPlotSeriesNodeIDs()
    for part in parts:
        if part is not None:
            chart.GetScene().RemoveNode(part)


def _hidden(scene: Any, class_name: str, name: str) -> Any:
    """Return a new node that is hidden from lists."""
    node = scene.AddNewNodeByClass(class_name, name)
    node.SetHideFromEditors(True)
    return node
