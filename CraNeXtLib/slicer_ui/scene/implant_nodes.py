"""The result of a reconstruction in the scene: a segmentation, a surface model, and a record of how they were made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import slicer
import vtk

from CraNeXtLib.cases.scene_surfaces import SKULL_SURFACE
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.pictures import palette
from CraNeXtLib.slicer_ui.scene.map_nodes import read_map
from CraNeXtLib.slicer_ui.scene.node_volumes import oriented_image
from CraNeXtLib.slicer_ui.scene.result_nodes import ANATOMY, OBJECT, Segment, fill_segments
from CraNeXtLib.slicer_ui.scene.worker_files import read_mask, read_surface
from CraNeXtLib.slicer_ui.translation import _

RESULT_ATTRIBUTE = "CraNeXt.Result"
"""Attribute of the segmentation and the model with the content of ``result.json``; saved with the scene."""
MODEL_ATTRIBUTE = "CraNeXt.Model"
"""Attribute of the segmentation and the model with the name of the CraNeXt model that made the result."""

DEFECTIVE_SKULL, COMPLETE_SKULL, IMPLANT = "CraNeXt_DefectiveSkull", "CraNeXt_CompleteSkull", "CraNeXt_Implant"
"""Segment IDs."""

EXPECTED_ERROR, DONOR_MAP = "expected_error.vtp", "donor_map.vtp"
"""File names. Repeated here because the modules that write the files import packages that Slicer lacks."""

BONE_COLOR = (241 / 255, 213 / 255, 144 / 255)  # the recommended color of a skull in Slicer's DICOM master list
IMPLANT_COLOR = tuple(palette.IMPLANT)

_SURFACE = slicer.vtkSegmentationConverter.GetClosedSurfaceRepresentationName()
SKULL_TERM = ("89546000", "Skull")
IMPLANT_TERM = ("40388003", "Implant")


@dataclass(frozen=True)
class Result:
    """What the worker wrote, before it is put into the scene.

    Args:
        complete_skull: Mask.
        implant: Mask of the same geometry.
        surface: The implant's surface as poly data, in RAS mm.
        skull_surface: The defective skull's surface, likewise; None if the worker wrote none.
        expected_error: The implant's surface with its expected error in mm; None if the model does not estimate it.
        donor_map: The implant's surface with 1 where it is the donor's and 0 where it is the model's; None without a
            donor.
        description: The content of ``result.json``.
    """

    complete_skull: Volume
    implant: Volume
    surface: Any
    skull_surface: Any
    expected_error: Any
    donor_map: Any
    description: dict[str, Any]


def read_result(folder: Path) -> Result:
    """Read the folder that the task ``reconstruct`` wrote.

    Raises:
        InputError: If a file cannot be read.
    """
    skull_surface, expected_error, donor_map = (folder / name for name in (SKULL_SURFACE, EXPECTED_ERROR, DONOR_MAP))
    return Result(
        complete_skull=read_mask(folder / "complete_skull.nrrd"),
        implant=read_mask(folder / "implant.nrrd"),
        surface=read_surface(folder / "implant.stl"),
        skull_surface=read_surface(skull_surface) if skull_surface.is_file() else None,
        expected_error=read_map(expected_error) if expected_error.is_file() else None,
        donor_map=read_map(donor_map) if donor_map.is_file() else None,
        description=json.loads((folder / "result.json").read_text(encoding="utf-8")),
    )


def fill_segmentation(node: Any, defective_skull: Volume, result: Result) -> None:
    """Put the three segments into a segmentation node; segments of an earlier result are replaced, others kept."""
    # Segments that do not overlap share an image. Slicer would merge them itself when it saves, which takes seconds.
    labels = np.maximum(defective_skull.voxels, 2 * result.implant.voxels.view(np.uint8))
    parts = oriented_image(defective_skull.with_voxels(labels))
    complete = oriented_image(result.complete_skull)
    node.RemoveClosedSurfaceRepresentation()  # or Slicer would spend seconds on surfaces of the added segments
    segments = [
        Segment(DEFECTIVE_SKULL, _("Defective skull"), parts, 1, BONE_COLOR, ANATOMY, SKULL_TERM),
        Segment(COMPLETE_SKULL, _("Complete skull"), complete, 1, BONE_COLOR, ANATOMY, SKULL_TERM),
        Segment(IMPLANT, _("Implant"), parts, 2, IMPLANT_COLOR, OBJECT, IMPLANT_TERM),
    ]
    fill_segments(node, defective_skull, segments)
    if result.skull_surface is not None:  # either all segments of a segmentation have a surface, or none
        both = vtk.vtkAppendPolyData()
        both.AddInputData(result.skull_surface)
        both.AddInputData(result.surface)
        both.Update()
        surfaces = {
            DEFECTIVE_SKULL: result.skull_surface,
            COMPLETE_SKULL: both.GetOutput(),
            IMPLANT: result.surface,
        }
        for segment_id, surface in surfaces.items():
            node.GetSegmentation().GetSegment(segment_id).AddRepresentation(_SURFACE, surface)
    display = node.GetDisplayNode()
    display.SetSegmentVisibility(COMPLETE_SKULL, False)  # it covers the others
    display.SetSegmentVisibility3D(IMPLANT, False)  # the model node is smoother
    describe(node, result.description)


def fill_model(node: Any, result: Result) -> None:
    """Put the implant's surface into a model node."""
    node.SetAndObservePolyData(result.surface)
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetColor(IMPLANT_COLOR)
    describe(node, result.description)


def has_surface(node: Any, segment_id: str) -> bool:
    """Return whether a segment has a surface that the 3D view can show."""
    segment = node.GetSegmentation().GetSegment(segment_id)
    return segment is not None and segment.GetRepresentation(_SURFACE) is not None


def describe(node: Any, description: dict[str, Any]) -> None:
    """Record in a segmentation or model how it was made; the record is saved with the scene."""
    node.SetAttribute(MODEL_ATTRIBUTE, description["model"]["name"])
    node.SetAttribute(RESULT_ATTRIBUTE, json.dumps(description))
