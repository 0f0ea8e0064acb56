"""A bar chart of the regions in the scene: how much of the defect, or of the bone, lies in each."""

from __future__ import annotations

from typing import Any

import slicer
import vtk

from CraNeXtLib.anatomy.head.regions import ALL_REGIONS, REGIONS, Region
from CraNeXtLib.slicer_ui.scene.result_nodes import fill_columns
from CraNeXtLib.slicer_ui.translation import _

_NUMBERS = "CraNeXt.Numbers"
_TITLES_A_LINE = 4  # of the axis
_BAR_WIDTH = 0.8  # of the distance between two bars


def fill_chart(chart: Any, name: str, description: dict[str, Any]) -> None:
    """Let a plot chart node show a bar for each region that has a share, in its colour, over the region's number.

    Slicer's axes show numbers only, so that the title of the axis says which region each is; they are also those of the
    rows in the table of sizes.

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
    numbered = {number: region for number, region in enumerate(ALL_REGIONS, start=1) if shares[region.name] > 0}
    numbers = _hidden(scene, "vtkMRMLTableNode", name)
    columns = {}
    for place, region in zip(_places(list(numbered)), numbered.values(), strict=True):
        columns[_place_column(region)] = _column(place, place + len(numbered))
        columns[region.name] = _column(shares[region.name], 0.0)
    fill_columns(numbers, columns)
    chart.SetNodeReferenceID(_NUMBERS, numbers.GetID())
    for region in numbered.values():
        series = _hidden(scene, "vtkMRMLPlotSeriesNode", region.name)
        series.SetAndObserveTableNodeID(numbers.GetID())
        series.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatterBar)
        series.SetXColumnName(_place_column(region))
        series.SetYColumnName(region.name)
        series.SetColor(*(value / 255 for value in region.color))
        chart.AddAndObservePlotSeriesNodeID(series.GetID())
    chart.SetTitle(_("Regions of the defect") if defect is not None else _("Regions of the skull"))
    chart.SetYAxisTitle(_("Share of the defect [%]") if defect is not None else _("Share of the bone [%]"))
    chart.SetXAxisTitle(_axis_title(max([len(REGIONS), *numbered])))
    chart.SetAxisTitleFontSize(12)
    chart.SetXAxisRangeAuto(False)
    chart.SetXAxisRange(0.5, max([len(REGIONS), *numbered]) + 0.5)
    chart.SetLegendVisibility(False)
    chart.SetGridVisibility(False)


def _places(numbers: list[int]) -> list[float]:
    """Return where each series' bar must be put so that it is drawn over its number.

    VTK draws the bars of several series side by side, around the place that all of them name; how wide, it takes from
    the distance of the first two bars of a series, which is therefore the number of series.
    """
    count = len(numbers)
    return [number + _BAR_WIDTH * (count - 1 - 2 * index) / 2 for index, number in enumerate(numbers)]


def _axis_title(count: int) -> str:
    titles = [f"{number} {region.name}" for number, region in enumerate(ALL_REGIONS[:count], start=1)]
    lines = [titles[start : start + _TITLES_A_LINE] for start in range(0, count, _TITLES_A_LINE)]
    return "\n".join(" · ".join(line) for line in lines)


def _place_column(region: Region) -> str:
    return f"{region.name}: place"


def _column(*values: float) -> Any:
    column = vtk.vtkDoubleArray()
    for value in values:
        column.InsertNextValue(value)
    return column


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
