"""Training in the scene: the problems of a data set, the curves of a run, and the scores of a model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import vtk

from CraNeXtLib.slicer_ui.scene.result_nodes import fill_columns
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.training.runs.curves import Curve

CHECK_ATTRIBUTE = "CraNeXt.DatasetCheck"
"""Attribute of the table of problems with the other values that ``check_manifest`` returned; saved with the scene."""

SCORES_ATTRIBUTE = "CraNeXt.Cohort"
"""Attribute of the table of scores with the content of ``cohort.json``; saved with the scene."""

_METRICS = {"dsc": "DSC", "bdsc": "bDSC", "dh95_mm": "dH95 [mm]", "sdh_mm": "SdH [mm]"}


@dataclass(frozen=True)
class _Series:
    """A curve: its name in the logs, the title that the user sees, and its color, legible on dark and light."""

    key: str
    title: str
    color: tuple[float, float, float]


def _loss_series() -> list[_Series]:
    return [_Series("train_loss", _("Training loss"), (0.85, 0.37, 0.01))]


def _score_series() -> list[_Series]:
    return [
        _Series("implant-dsc", _("Implant"), (0.20, 0.55, 0.85)),
        _Series("worst-implant-dsc", _("Worst implant"), (0.55, 0.55, 0.55)),
        _Series("complete-dsc", _("Complete skull"), (0.25, 0.65, 0.30)),
    ]


def fill_problems(table: Any, description: Mapping[str, Any]) -> None:
    """Put the problems of a data set into a table node, one per row, errors first."""
    severities = {"error": _("Error"), "warning": _("Warning")}
    columns = {title: vtk.vtkStringArray() for title in (_("Severity"), _("Case"), _("Problem"))}
    for problem in description["problems"]:
        values = severities[problem["severity"]], problem["case"], problem["message"]
        for column, value in zip(columns.values(), values, strict=True):
            column.InsertNextValue(value)
    fill_columns(table, columns)
    counts = {key: value for key, value in description.items() if key != "problems"}
    counts["errors"] = sum(problem["severity"] == "error" for problem in description["problems"])
    counts["warnings"] = len(description["problems"]) - counts["errors"]
    table.SetAttribute(CHECK_ATTRIBUTE, json.dumps(counts))


def fill_curves(table: Any, curves: Mapping[str, Curve]) -> None:
    """Put a run's curves into a table node, one epoch per row; values that were not logged are NaN."""
    series = [s for s in (*_loss_series(), *_score_series()) if s.key in curves]
    epochs = sorted({epoch for s in series for epoch, _value in curves[s.key]})
    columns = {_("Epoch"): vtk.vtkDoubleArray()} | {s.title: vtk.vtkDoubleArray() for s in series}
    values = [{epoch: float(epoch) for epoch in epochs}, *(dict(curves[s.key]) for s in series)]
    for column, by_epoch in zip(columns.values(), values, strict=True):
        for epoch in epochs:
            column.InsertNextValue(by_epoch.get(epoch, float("nan")))
    fill_columns(table, columns)


def fill_charts(loss: Any, scores: Any, table: Any, name: str) -> None:
    """Plot the curves in a table node in two chart nodes.

    Args:
        loss: Chart node for the training loss.
        scores: Chart node for the DSC on the validation cases.
        table: Table node filled by :func:`fill_curves`.
        name: Name of the run, for the titles.
    """
    _fill_chart(loss, table, _loss_series(), _("{name}: loss").format(name=name), _("Loss"))
    _fill_chart(scores, table, _score_series(), _("{name}: validation").format(name=name), "DSC")
    scores.SetYAxisRangeAuto(False)
    scores.SetYAxisRange(0.0, 1.0)


def fill_scores(table: Any, rows: Sequence[Mapping[str, Any]], description: Mapping[str, Any]) -> None:
    """Put a model's scores into a table node: mean and standard deviation, then the cases, worst first.

    Args:
        table: The table node.
        rows: The rows of ``cases.csv``.
        description: The content of ``cohort.json``.
    """
    means = description["tables"]["all"]
    lines = [
        (_("Mean"), [means[metric]["mean"] for metric in _METRICS]),
        (_("Standard deviation"), [_nan_if_none(means[metric]["sd"]) for metric in _METRICS]),
    ]
    lines += [
        (row["case"], [row[metric] for metric in _METRICS]) for row in sorted(rows, key=lambda row: float(row["dsc"]))
    ]
    columns = {_("Case"): vtk.vtkStringArray()} | {title: vtk.vtkDoubleArray() for title in _METRICS.values()}
    for name, values in lines:
        for column, value in zip(columns.values(), (name, *values), strict=True):
            column.InsertNextValue(value if column is columns[_("Case")] else _number(value))
    fill_columns(table, columns)
    table.SetAttribute(SCORES_ATTRIBUTE, json.dumps(description))


def _fill_chart(chart: Any, table: Any, series: Sequence[_Series], title: str, axis: str) -> None:
    existing = {node.GetYColumnName(): node for node in _series_of(chart)}
    for s in series:
        if table.GetColumnIndex(s.title) < 0:
            continue
        node = existing.pop(s.title, None)
        if node is None:
            node = chart.GetScene().AddNewNodeByClass("vtkMRMLPlotSeriesNode", s.title)
            node.SetPlotType(node.PlotTypeScatter)
            node.SetColor(*s.color)
            node.SetLineWidth(2)
            node.SetMarkerSize(6)
            chart.AddAndObservePlotSeriesNodeID(node.GetID())
        node.SetXColumnName(_("Epoch"))
        node.SetYColumnName(s.title)
        node.SetAndObserveTableNodeID(table.GetID())
    for unused in existing.values():
        chart.GetScene().RemoveNode(unused)
    chart.SetTitle(title)
    chart.SetXAxisTitle(_("Epoch"))
    chart.SetYAxisTitle(axis)
    chart.SetLegendVisibility(len(series) > 1)


def _series_of(chart: Any) -> list[Any]:
    nodes = [chart.GetNthPlotSeriesNode(number) for number in range(chart.GetNumberOfPlotSeriesNodes())]
    return [node for node in nodes if node is not None]


def _nan_if_none(value: float | None) -> float:
    """Return a standard deviation; a single case has none."""
    return float("nan") if value is None else value


def _number(value: Any) -> float:
    """Return a score, rounded to four decimals; null in JSON means infinite."""
    return float("inf") if value in (None, "") else round(float(value), 4)
