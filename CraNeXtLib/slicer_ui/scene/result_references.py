"""Node references of a reconstruction: its segmentation references all other nodes, also in a saved scene."""

from __future__ import annotations

import json
from typing import Any

from CraNeXtLib.cases.earlier_description import of_today
from CraNeXtLib.slicer_ui.scene.implant_nodes import RESULT_ATTRIBUTE
from CraNeXtLib.slicer_ui.translation import _

INPUT, SURFACE, PART, MEASURES, COMPUTED, EXPECTED_ERROR, DONOR_MAP, EVALUATION = (
    f"CraNeXt.{role}"
    for role in ("Input", "Surface", "Part", "Measures", "Computed", "ExpectedError", "DonorMap", "Evaluation")
)
"""Reference roles: the input node, the models of the implant and of the finished part, the table of measurements, a
labelmap of the computed implant, models of its expected error and of what a donor gave, and the table of an evaluation.
The part and the evaluation table in turn reference their maps, with the names of the maps as roles."""


def set_referenced_node(segmentation: Any, role: str, node: Any) -> None:
    """Make a result reference a node."""
    segmentation.SetNodeReferenceID(role, node.GetID())


def referenced_node(segmentation: Any, role: str) -> Any:
    """Return the node that a result references, or None."""
    return segmentation.GetNodeReference(role)


def is_result(node: Any) -> bool:
    """Return whether a node is the segmentation of a reconstruction."""
    return node is not None and node.IsA("vtkMRMLSegmentationNode") and bool(node.GetAttribute(RESULT_ATTRIBUTE))


def reason_implant_unusable(node: Any) -> str:
    """Return a sentence on why a node's implant cannot be finished or exported; empty if it can."""
    if not is_result(node):
        return _("Press “Make implant” first.")
    if description_of(node).get("preview"):
        return _(
            "A quick preview is for visual inspection only; do not manufacture it. Clear “Quick preview” and press "
            "“Make implant” again."
        )
    return ""


def description_of(segmentation: Any) -> dict[str, Any]:
    """Return the content of a result's ``result.json``, also of one that an earlier version saved."""
    return of_today(json.loads(segmentation.GetAttribute(RESULT_ATTRIBUTE)))
