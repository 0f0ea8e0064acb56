"""The nodes of a scene by their class."""

from __future__ import annotations

from typing import Any


def nodes_of_class(scene: Any, kind: str) -> list[Any]:
    """Return the nodes of a class and of those derived from it, in the order of the scene.

    ``vtkMRMLScene.GetNodesByClass`` leaves its collection to its caller, and Python never frees it: the nodes in it
    would stay in memory after they are removed, with their voxels and surfaces. ``slicer.util.getNodesByClass`` frees
    it but knows only Slicer's own scene.
    """
    return [scene.GetNthNodeByClass(number, kind) for number in range(scene.GetNumberOfNodesByClass(kind))]
