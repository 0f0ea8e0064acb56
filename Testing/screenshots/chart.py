"""Draws a plot chart node as Slicer's plot view does, with VTK's charts."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from vtk.util.numpy_support import vtk_to_numpy

KINDS = {
    "Line": vtk.vtkChart.LINE,
    "Bar": vtk.vtkChart.BAR,
    "Scatterbar": vtk.vtkChart.BAR,
    "Scatter": vtk.vtkChart.POINTS,
}


def chart_picture(view: Any, size: tuple[int, int]) -> np.ndarray:
    """Return the picture of the chart in a plot view node, of shape (height, width, 3)."""
    context = vtk.vtkContextView()
    window = context.GetRenderWindow()
    window.SetOffScreenRendering(True)
    window.SetSize(*size)
    context.GetRenderer().SetBackground(1, 1, 1)
    chart = vtk.vtkChartXY()
    context.GetScene().AddItem(chart)
    node = view.GetPlotChartNode()
    if node is not None:
        _fill(chart, node)
    window.Render()
    grabber = vtk.vtkWindowToImageFilter()
    grabber.SetInput(window)
    grabber.ReadFrontBufferOff()
    grabber.Update()
    pixels = vtk_to_numpy(grabber.GetOutput().GetPointData().GetScalars())
    return pixels.reshape(size[1], size[0], 3)[::-1]


def _fill(chart: Any, node: Any) -> None:
    chart.SetTitle((node.GetTitle() or "") if node.GetTitleVisibility() else "")
    chart.SetShowLegend(bool(node.GetLegendVisibility()))
    for axis, title in ((vtk.vtkAxis.BOTTOM, node.GetXAxisTitle()), (vtk.vtkAxis.LEFT, node.GetYAxisTitle())):
        chart.GetAxis(axis).SetTitle(title or "")
        chart.GetAxis(axis).GetTitleProperties().SetFontSize(node.GetAxisTitleFontSize())
    if not node.GetXAxisRangeAuto():
        chart.GetAxis(vtk.vtkAxis.BOTTOM).SetBehavior(vtk.vtkAxis.FIXED)
        chart.GetAxis(vtk.vtkAxis.BOTTOM).SetRange(*node.GetXAxisRange())
    for axis in (vtk.vtkAxis.BOTTOM, vtk.vtkAxis.LEFT):
        chart.GetAxis(axis).SetGridVisible(bool(node.GetGridVisibility()))
    for index in range(node.GetNumberOfPlotSeriesNodes()):
        series = node.GetNthPlotSeriesNode(index)
        table = series.GetTableNode()
        if table is not None and table.GetNumberOfRows():
            _add(chart, series, table)


def _add(chart: Any, series: Any, table: Any) -> None:
    kind = series.GetPlotTypeAsString(series.GetPlotType()).title()
    if kind == "Scatter" and series.GetLineStyle() != series.LineStyleNone:
        kind = "Line"
    plot = chart.AddPlot(KINDS.get(kind, vtk.vtkChart.LINE))
    plot.SetWidth(series.GetLineWidth())
    x, y = series.GetXColumnName(), series.GetYColumnName()
    shown = vtk.vtkTable()
    numbers = vtk.vtkDoubleArray()
    numbers.SetName("index")
    for row in range(table.GetNumberOfRows()):
        numbers.InsertNextValue(row)
    column = table.GetTable().GetColumnByName(x) if x and series.IsXColumnRequired() else numbers
    shown.AddColumn(column)
    shown.AddColumn(table.GetTable().GetColumnByName(y))
    plot.SetInputData(shown, 0, 1)
    plot.SetLabel(series.GetName())
    plot.SetColorF(*series.GetColor())
