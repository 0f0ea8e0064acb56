"""What belongs to a reconstruction: its segmentation refers to the other nodes, so that a saved scene keeps it."""

from __future__ import annotations

import json
from typing import Any

from CraNeXtLib.slicer_ui.scene.implant_nodes import RESULT_ATTRIBUTE
from CraNeXtLib.slicer_ui.translation import _

INPUT, SURFACE, PART, MEASURES, COMPUTED, EXPECTED_ERROR, EVALUATION = (
    f"CraNeXt.{role}" for role in ("Input", "Surface", "Part", "Measures", "Computed", "ExpectedError", "Evaluation")
)
"""Roles of the references: the skull's node, the models of the implant and of the part to be made, the table of
measures, a labelmap of the implant as it was computed, a model of it painted with its expected error, and the table of
an evaluation. Part and table refer to the maps that are painted on them by the maps' names."""


def refer(segmentation: Any, role: str, node: Any) -> None:
    """Let a result refer to a node."""
    segmentation.SetNodeReferenceID(role, node.GetID())


def referred(segmentation: Any, role: str) -> Any:
    """Return the node that a result refers to, or None."""
    return segmentation.GetNodeReference(role)


def is_result(node: Any) -> bool:
    """Tell whether a node is the segmentation of a reconstruction."""
    return node is not None and node.IsA("vtkMRMLSegmentationNode") and bool(node.GetAttribute(RESULT_ATTRIBUTE))


def what_an_implant_lacks(node: Any) -> str:
    """Return why the implant of a node cannot be finished or exported, for the user; empty if it can."""
    if not is_result(node):
        return _("Make an implant first.")
    if description_of(node).get("preview"):
        return _("This is a quick preview; make the implant without Quick preview first.")
    return ""


def description_of(segmentation: Any) -> dict[str, Any]:
    """Return the content of a result's ``result.json``."""
    return json.loads(segmentation.GetAttribute(RESULT_ATTRIBUTE))
