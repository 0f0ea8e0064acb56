"""Removing nodes from a scene with what belongs to them alone."""

from __future__ import annotations

from typing import Any


def remove_node(node: Any) -> None:
    """Remove a node from its scene with its display and storage nodes, which MRML leaves in memory and in saved scenes.

    Args:
        node: The node; None and a node without a scene are left as they are.
    """
    scene = None if node is None else node.GetScene()
    if scene is None:
        return
    companions = []
    if node.IsA("vtkMRMLDisplayableNode"):
        companions += [node.GetNthDisplayNode(number) for number in range(node.GetNumberOfDisplayNodes())]
    if node.IsA("vtkMRMLStorableNode"):
        companions += [node.GetNthStorageNode(number) for number in range(node.GetNumberOfStorageNodes())]
    scene.RemoveNode(node)
    for companion in companions:
        if companion is not None and companion.GetScene() is scene:
            scene.RemoveNode(companion)
