"""An evaluation in the scene: the table of its metrics and its checklist, and the names of its maps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import vtk

from CraNeXtLib.cases.earlier_description import of_today
from CraNeXtLib.slicer_ui.scene.removal import remove_node
from CraNeXtLib.slicer_ui.scene.result_nodes import fill_columns
from CraNeXtLib.slicer_ui.scene.result_references import EVALUATION, referenced_node, set_referenced_node
from CraNeXtLib.slicer_ui.translation import _

EVALUATION_ATTRIBUTE = "CraNeXt.Evaluation"
"""Attribute of the table with the content of ``metrics.json``; saved with the scene."""


def read_description(folder: Path) -> dict[str, Any]:
    """Read ``metrics.json`` from a folder that the task ``evaluate`` wrote."""
    return json.loads((folder / "metrics.json").read_text(encoding="utf-8"))


def fill_table(node: Any, description: dict[str, Any]) -> None:
    """Put the metrics and the checklist into a table node.

    Its columns are measure, value, and unit, and for the checklist also threshold, answer, and worst position. Values
    that were not measured are NaN; infinite distances are infinite.
    """
    columns = {
        _("Measure"): vtk.vtkStringArray(),
        _("Value"): vtk.vtkDoubleArray(),
        _("Unit"): vtk.vtkStringArray(),
        _("Threshold"): vtk.vtkDoubleArray(),
        _("Met"): vtk.vtkStringArray(),
        _("Worst position (RAS, mm)"): vtk.vtkStringArray(),
    }
    for row in [*metric_rows(description), *checklist_rows(description)]:
        for column, value in zip(columns.values(), row, strict=True):
            column.InsertNextValue(value)
    fill_columns(node, columns)
    node.SetAttribute(EVALUATION_ATTRIBUTE, json.dumps(description))


def evaluation_of(table: Any) -> dict[str, Any]:
    """Return the content of ``metrics.json`` that a table shows, also of one that an earlier version saved."""
    return of_today(json.loads(table.GetAttribute(EVALUATION_ATTRIBUTE)))


def set_evaluation(result: Any, table: Any, maps: Mapping[str, Any]) -> None:
    """Let a result reference its evaluation; an earlier one leaves the scene.

    Args:
        result: The segmentation of a reconstruction.
        table: The table of the evaluation.
        maps: Model nodes of the maps by file name.
    """
    remove_evaluation(result)
    for name, model in maps.items():
        set_referenced_node(table, name, model)
    set_referenced_node(result, EVALUATION, table)


def remove_evaluation(result: Any) -> None:
    """Remove a result's evaluation from the scene, for example because it is out of date."""
    table = referenced_node(result, EVALUATION)
    if table is not None:
        for node in (*(referenced_node(table, name) for name in map_titles()), table):
            remove_node(node)


def map_titles() -> dict[str, tuple[str, str]]:
    """Return the name of each map's node and the title of its legend, by file name."""
    distance = _("Distance [mm]")
    return {
        "distance_map": (_("{name} to reference"), _("Outside reference [mm]")),
        "rim_map": (_("{name} rim"), _("Gap to skull [mm]")),
        "sdh_implant": (_("{name} seen from outside"), distance),
        "sdh_reference": (_("{name}'s reference seen from outside"), distance),
    }


def metric_rows(description: dict[str, Any]) -> list[tuple[str, float, str, float, str, str]]:
    """Return one row per metric: name, value, unit, and empty cells for the checklist's columns."""
    names = {
        "dsc": _("Dice coefficient, DSC"),
        "bdsc": _("Border Dice coefficient, bDSC"),
        "dh95_mm": _("Hausdorff distance, 95th percentile, dH95"),
        "sdh_mm": _("Surface Hausdorff distance, SdH"),
        "fnr": _("False negative rate"),
        "fpr": _("False positive rate in the field of view"),
        "dh_mm": _("Hausdorff distance, dH"),
        "asd_mm": _("Average surface distance"),
        "sdh95_mm": _("Surface Hausdorff distance, 95th percentile, SdH95"),
        "mean_sdh_mm": _("Mean surface Hausdorff distance"),
        "precision": _("Precision"),
        "implant_ml": _("Volume of the implant"),
        "reference_ml": _("Volume of the reference"),
        "false_positive_ml": _("False positive volume"),
        "false_negative_ml": _("False negative volume"),
        "field_of_view_ml": _("Field of view"),
    }
    values = description["all_metrics"]
    return [
        (name, float("inf") if values[key] is None else values[key], _unit(key), float("nan"), "", "")
        for key, name in names.items()
    ]


def checklist_rows(description: dict[str, Any]) -> list[tuple[str, float, str, float, str, str]]:
    """Return one row per criterion: name, value, unit, threshold, answer, and worst position."""
    names = {
        "complete": _("Complete: widest gap"),
        "no_false_positive": _("No false positives: excess"),
        "restored_shape": _("Restored shape: deviation"),
        "smooth_transition": _("Smooth transition: step"),
        "minimal_thickness": _("Minimum thickness: fraction"),
    }
    met = {True: _("yes"), False: _("no"), None: _("not measured")}
    rows = []
    for criterion in (description["checklist"] or {"criteria": []})["criteria"]:
        value, position = criterion["value"], criterion["place_ras_mm"]
        rows.append(
            (
                names[criterion["name"]],
                float("nan") if value is None else value,
                "" if criterion["unit"] == "ratio" else criterion["unit"],
                criterion["threshold"],
                met[criterion["passed"]],
                ", ".join(f"{coordinate:.1f}" for coordinate in position or ()),
            )
        )
    return rows


def _unit(key: str) -> str:
    return {"mm": "mm", "ml": "mL"}.get(key.rpartition("_")[2], "")
