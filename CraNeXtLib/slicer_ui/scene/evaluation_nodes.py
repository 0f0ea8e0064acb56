"""An evaluation in the scene: a table of its numbers, and models colored by distance in millimeters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.poly_data import poly_data
from CraNeXtLib.pictures.distance_pictures import color_range, colors_of
from CraNeXtLib.slicer_ui.scene.result_nodes import fill_columns
from CraNeXtLib.slicer_ui.scene.scene_volumes import read_surface, shaded
from CraNeXtLib.slicer_ui.translation import _

EVALUATION_ATTRIBUTE = "CraNeXt.Evaluation"
"""Attribute of the table with the content of ``metrics.json``; saved with the scene."""

_COLOR_STEPS = 256
_LEGEND_SIZE = (0.1, 0.4)  # fraction of the view; its text scales with it, and a larger one would cover the head
_AMBIENT = 0.5  # enough for a rim seen edge-on to show its colors


def read_description(folder: Path) -> dict[str, Any]:
    """Read ``metrics.json`` from a folder that the task ``evaluate`` wrote."""
    return json.loads((folder / "metrics.json").read_text(encoding="utf-8"))


def read_map(path: Path, name: str | None = None) -> Any:
    """Read a distance map as poly data in RAS mm, without unmeasured faces.

    Unmeasured faces are dropped because Slicer does not save the color of NaN, so a reopened scene would show them in
    a different color.

    Args:
        path: The ``.vtp`` file.
        name: Name of the point array; the file's active scalars by default.

    Returns:
        The poly data, or None if nothing was measured.

    Raises:
        InputError: If the file cannot be read.
    """
    data = read_surface(path)
    scalars = data.GetPointData().GetArray(name) if name else data.GetPointData().GetScalars()
    values, points = vtk_to_numpy(scalars), vtk_to_numpy(data.GetPoints().GetData())
    faces = vtk_to_numpy(data.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    faces = faces[np.isfinite(values)[faces].all(axis=1)]
    if not len(faces):
        return None
    used, faces = np.unique(faces, return_inverse=True)
    return shaded(poly_data(Mesh(points[used], faces.reshape(-1, 3)), {scalars.GetName(): values[used]}))


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


def fill_map(node: Any, data: Any, *, title: str) -> None:
    """Put a distance map into a model node, in colors and with a legend.

    Args:
        node: The model node.
        data: Poly data whose active scalars are distances in mm.
        title: Title of the legend.
    """
    scalars = data.GetPointData().GetScalars()
    low, high = color_range(vtk_to_numpy(scalars))
    node.SetAndObservePolyData(data)
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetActiveScalar(scalars.GetName(), vtk.vtkAssignAttribute.POINT_DATA)
    display.SetAndObserveColorNodeID(_color_table(node.GetScene(), signed=low < 0).GetID())
    display.SetScalarRangeFlag(slicer.vtkMRMLDisplayNode.UseManualScalarRange)
    display.SetScalarRange(low, high)
    display.SetScalarVisibility(True)
    display.SetAmbient(_AMBIENT)
    display.SetDiffuse(1 - _AMBIENT)
    legend = slicer.modules.colors.logic().AddDefaultColorLegendDisplayNode(node)
    legend.SetTitleText(title)
    legend.SetSize(*_LEGEND_SIZE)
    legend.SetLabelFormat("%.2f")
    legend.SetNumberOfLabels(5)
    legend.SetMaxNumberOfColors(_COLOR_STEPS)


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


def _color_table(scene: Any, *, signed: bool) -> Any:
    """Return the color table for signed or unsigned distances, created once per scene."""
    name = "CraNeXt signed distance" if signed else "CraNeXt distance"
    tag = name.replace(" ", "")
    node = scene.GetSingletonNode(tag, "vtkMRMLColorTableNode")
    if node is None:
        node = slicer.vtkMRMLColorTableNode()
        node.SetSingletonTag(tag)
        node.SetName(name)
        node.SetTypeToUser()
        node.SetNumberOfColors(_COLOR_STEPS)
        steps = np.linspace(-1 if signed else 0, 1, _COLOR_STEPS)
        for number, (value, color) in enumerate(zip(steps, colors_of(steps, 1, signed=signed), strict=True)):
            node.SetColor(number, f"{value:.3f}", *color, 1.0)
        node.SetHideFromEditors(False)
        node = scene.AddNode(node)
    return node


def _unit(key: str) -> str:
    return {"mm": "mm", "ml": "mL"}.get(key.rpartition("_")[2], "")
