"""The regions of a skull in the scene: a segmentation in the regions' colors and a table of their sizes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import vtk

from CraNeXtLib.anatomy.head.regions import ALL_REGIONS, Region
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.slicer_ui.scene.node_volumes import oriented_image
from CraNeXtLib.slicer_ui.scene.result_nodes import ANATOMY, Segment, fill_columns, fill_segments
from CraNeXtLib.slicer_ui.scene.worker_files import read_labels
from CraNeXtLib.slicer_ui.translation import _

REGIONS_ATTRIBUTE = "CraNeXt.Regions"
"""Attribute of the segmentation and the table with the content of ``regions.json``; saved with the scene."""

REGIONS_TABLE, DEFECT = "CraNeXt.RegionTable", "CraNeXt.Defect"
"""Roles of the segmentation's references to the table and to the implant or defect that was located."""


def segment_id(region: Region) -> str:
    """Return the ID of a region's segment, for example ``"CraNeXt_UpperParietal"``."""
    return "CraNeXt_" + "".join(filter(str.isalpha, region.name))


def read_regions(folder: Path) -> tuple[Volume, dict[str, Any]]:
    """Read the labels and the content of ``regions.json`` from a folder that the task ``categorize`` wrote.

    Raises:
        InputError: If the labels cannot be read.
    """
    description = json.loads((folder / "regions.json").read_text(encoding="utf-8"))
    return read_labels(folder / "regions.nrrd"), description


def fill_regions(node: Any, labels: Volume, description: dict[str, Any]) -> None:
    """Put a segment for each region that contains bone into a segmentation node, and create surfaces for the 3D view.

    Segments of an earlier result are replaced, or removed if their region is now empty; all others are kept.
    """
    image = oriented_image(labels)
    segments = []
    for region, row in zip(ALL_REGIONS, description["regions"], strict=True):
        if row["voxels"]:
            red, green, blue = (value / 255 for value in region.color)
            segments.append(
                Segment(
                    segment_id(region), region.name, image, region.label, (red, green, blue), ANATOMY, region.anatomy
                )
            )
        elif node.GetSegmentation().GetSegment(segment_id(region)) is not None:
            node.GetSegmentation().RemoveSegment(segment_id(region))
    fill_segments(node, labels, segments)
    node.CreateClosedSurfaceRepresentation()  # the 3D view shows only surfaces
    node.SetAttribute(REGIONS_ATTRIBUTE, json.dumps(description))


def fill_table(node: Any, description: dict[str, Any]) -> None:
    """Put the sizes of all nine regions, empty ones included, into a table node in the order of their labels.

    If an implant was located, a further column gives the percentage of it in each region, and a last row gives its
    side, volume and area.
    """
    columns = {
        _("Region"): vtk.vtkStringArray(),
        _("Voxels"): vtk.vtkDoubleArray(),
        _("Volume [mL]"): vtk.vtkDoubleArray(),
        _("Bone [%]"): vtk.vtkDoubleArray(),
        _("Surface [cm²]"): vtk.vtkDoubleArray(),
    }
    rows = [
        [row["name"], row["voxels"], row["volume_ml"], row["percent"], row["area_cm2"]]
        for row in description["regions"]
    ]
    defect = description.get("implant")
    if defect is not None:
        columns[_("Defect [%]")] = vtk.vtkDoubleArray()
        percentages = [defect["percent"][row["name"]] for row in description["regions"]]
        rows = [[*row, percentage] for row, percentage in zip(rows, percentages, strict=True)]
        sides = {"left": _("Defect, left"), "right": _("Defect, right"), "bilateral": _("Defect, bilateral")}
        unknown = float("nan")
        rows.append([sides[defect["side"]], unknown, defect["volume_ml"], unknown, defect["area_cm2"], 100.0])
    for row in rows:
        for column, value in zip(columns.values(), row, strict=True):
            column.InsertNextValue(value)
    fill_columns(node, columns)
    node.SetAttribute(REGIONS_ATTRIBUTE, json.dumps(description))
