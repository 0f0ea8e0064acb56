"""Shared by the results of all modules: segments, tables, and placing nodes beside the input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import slicer

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.slicer_ui.scene.node_volumes import serialized_geometry
from CraNeXtLib.slicer_ui.translation import _

ANATOMY = ("123037004", "Anatomical Structure")
OBJECT = ("260787004", "Physical object")
"""Categories in Slicer's terminology: SNOMED CT code and meaning."""

_TERMINOLOGY = "Segmentation category and type - DICOM master list~SCT^{}^{}~SCT^{}^{}~^^~~^^~^^"


@dataclass(frozen=True)
class Segment:
    """One segment of a result.

    Args:
        segment_id: ID, the same in every result, so that a later result replaces the segment.
        name: Name that the user sees.
        image: A ``vtkOrientedImageData``, which several segments may share.
        label: The segment's value in the image.
        color: Red, green and blue, 0 to 1.
        category: SNOMED CT code and meaning of the segment's category.
        kind: SNOMED CT code and meaning of the segment's type.
    """

    segment_id: str
    name: str
    image: Any
    label: int
    color: tuple[float, float, float]
    category: tuple[str, str]
    kind: tuple[str, str]


def check_holds_voxels(segmentation: Any) -> None:
    """Refuse a segmentation that stores surfaces, such as an imported STL file: it would lose the result's voxels.

    Raises:
        InputError: If the segmentation stores surfaces.
    """
    binary = slicer.vtkSegmentationConverter.GetBinaryLabelmapRepresentationName()
    if segmentation.GetSegmentation().GetSourceRepresentationName() != binary:
        raise InputError(
            _("{name} stores surfaces instead of voxels; choose another segmentation for the result.").format(
                name=segmentation.GetName()
            )
        )


def fill_segments(node: Any, geometry: Volume, segments: list[Segment]) -> None:
    """Put segments into a segmentation node and show it; segments with the same ID are replaced, others kept.

    Args:
        node: The segmentation node.
        geometry: Volume whose geometry becomes the reference geometry.
        segments: Segments in the order in which they are to be listed.
    """
    segmentation = node.GetSegmentation()
    converter = slicer.vtkSegmentationConverter
    name = converter.GetReferenceImageGeometryParameterName()
    segmentation.SetConversionParameter(name, serialized_geometry(geometry))
    for new in segments:
        segment = slicer.vtkSegment()
        segment.SetName(new.name)
        segment.SetColor(new.color)
        terminology = _TERMINOLOGY.format(*new.category, *new.kind)
        segment.SetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), terminology)
        segment.AddRepresentation(converter.GetBinaryLabelmapRepresentationName(), new.image)
        segment.SetLabelValue(new.label)
        if segmentation.GetSegment(new.segment_id) is not None:
            segmentation.RemoveSegment(new.segment_id)
        segmentation.AddSegment(segment, new.segment_id)
    node.CreateDefaultDisplayNodes()


def fill_columns(node: Any, columns: Mapping[str, Any]) -> None:
    """Replace the content of a table node by columns, VTK arrays by title, and lock it against editing."""
    node.RemoveAllColumns()
    for title, column in columns.items():
        column.SetName(title)
        node.AddColumn(column)
    node.SetLocked(True)


def add_model(
    name: str,
    surface: Any,
    color: tuple[float, float, float],
    *,
    beside: Any,
    opacity: float = 1.0,
    shown: bool = False,
) -> Any:
    """Add a model node to the scene of another node, beside it, and return it.

    Args:
        name: Its name.
        surface: Poly data in RAS mm.
        color: Red, green and blue, 0 to 1.
        beside: The node that it belongs to.
        opacity: 0 to 1.
        shown: Whether it is visible; most models coincide with what is shown already.
    """
    node = beside.GetScene().AddNewNodeByClass("vtkMRMLModelNode", name)
    node.SetAndObservePolyData(surface)
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetColor(color)
    display.SetOpacity(opacity)
    node.SetDisplayVisibility(shown)
    place_beside(node, beside)
    return node


def place_beside(node: Any, original: Any) -> None:
    """Put a node under the same transform as another and into the same folder of the subject hierarchy."""
    if node.IsA("vtkMRMLTransformableNode"):
        node.SetAndObserveTransformNodeID(original.GetTransformNodeID())
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(original.GetScene())
    if hierarchy is None:
        return
    item, original_item = hierarchy.GetItemByDataNode(node), hierarchy.GetItemByDataNode(original)
    if item and original_item:
        hierarchy.SetItemParent(item, hierarchy.GetItemParent(original_item))


def reference_to_image(segmentation: Any, original: Any) -> None:
    """Make a segmentation reference the image that another node was drawn on, or a labelmap; DICOM export needs it."""
    role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
    image_id = original.GetID() if original.IsA("vtkMRMLVolumeNode") else original.GetNodeReferenceID(role)
    if image_id:
        segmentation.SetNodeReferenceID(role, image_id)
