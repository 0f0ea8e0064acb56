"""The DICOM files that Slicer loaded a result's CT from."""

from __future__ import annotations

from typing import Any

import slicer

from CraNeXtLib.slicer_ui.scene.result_references import INPUT, referenced_node

_IMAGES = "DICOM.instanceUIDs"
"""Attribute that Slicer's module DICOM gives a volume: the UIDs of its images, with blanks between them."""


def file_of_ct(result: Any) -> str:
    """Return one of the files of the CT that a result was made from, or that its skull was drawn on.

    Returns:
        The path as Slicer's DICOM database knows it; empty if the CT was not loaded from there.
    """
    role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
    for node in (referenced_node(result, INPUT), result.GetNodeReference(role)):
        uids = ((node and node.GetAttribute(_IMAGES)) or "").split()
        if uids and getattr(slicer, "dicomDatabase", None) is not None:
            return slicer.dicomDatabase.fileForInstance(uids[0])
    return ""
