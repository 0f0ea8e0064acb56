"""Which of the nodes of a result the views show."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.slicer_ui.scene.implant_nodes import COMPLETE_SKULL, DEFECTIVE_SKULL
from CraNeXtLib.slicer_ui.scene.result_references import INPUT, is_result, referenced_node
from CraNeXtLib.slicer_ui.scene.result_surfaces import covers_skull, show_surface, surfaces_of
from CraNeXtLib.slicer_ui.scene.scene_nodes import nodes_of_class
from CraNeXtLib.slicer_ui.scene.views import hide_skull


def show_only(result: Any) -> None:
    """Show a result but no surface of it, and hide the other results and the skull that it was made of."""
    for node in nodes_of_class(result.GetScene(), "vtkMRMLSegmentationNode"):
        if is_result(node):
            node.SetDisplayVisibility(node is result)
            show_surface(node, None)
    skull = referenced_node(result, INPUT)
    if skull is not None:
        hide_skull(skull)


def show_chosen_surface(result: Any, key: str, *, editing: bool = False) -> str:
    """Show one surface of a result in 3D, and return its key.

    Args:
        result: The result.
        key: Key of the surface in ``surfaces_of``; the first is shown where there is none with it.
        editing: Whether the implant's segment is being edited, so that no surface follows it.
    """
    surfaces = surfaces_of(result)
    chosen = key if key in surfaces else next(iter(surfaces), "")
    show_surface(result, None if editing else chosen)
    skull = editing or not covers_skull(chosen, result)
    result.GetDisplayNode().SetSegmentVisibility3D(DEFECTIVE_SKULL, skull)
    return chosen


def show_complete_skull(result: Any, complete: bool) -> None:
    """Show the complete skull of a result, or the defective one."""
    display = result.GetDisplayNode()
    if display is not None:
        display.SetSegmentVisibility(COMPLETE_SKULL, complete)
        display.SetSegmentVisibility(DEFECTIVE_SKULL, not complete)
