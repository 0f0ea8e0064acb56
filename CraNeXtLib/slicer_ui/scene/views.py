"""Pointing Slicer's views at a position: the 3D view looks at it from outside, the slices pass through it."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from CraNeXtLib.slicer_ui.host import host
from CraNeXtLib.slicer_ui.scene.scene_nodes import nodes_of_class

_DISTANCE_MM = 420.0  # from the camera to the center of the head; the whole head fits into the view
_CENTRAL_MM = 10.0  # from the center of the head, for what lies on neither side, such as a model of the whole skull


def show_position(scene: Any, position_ras: np.ndarray, center_ras: np.ndarray) -> None:
    """Look at a position from outside the head, and move the slices through it.

    Args:
        scene: The scene whose views are moved.
        position_ras: World position, RAS in mm (under the nodes' transforms).
        center_ras: Center of the head, likewise.
    """
    outward = np.asarray(position_ras, float) - np.asarray(center_ras, float)
    length = float(np.linalg.norm(outward))
    outward = outward / length if length > 1 else np.array([0.0, 1.0, 0.0])
    up = (0.0, 0.0, 1.0) if abs(outward[2]) < 0.9 else (0.0, 1.0, 0.0)
    for camera in _cameras(scene):
        camera.SetFocalPoint(*center_ras)
        camera.SetPosition(*(np.asarray(center_ras) + outward * _DISTANCE_MM))
        camera.SetViewUp(*up)
        camera.ResetClippingRange()
    move_slices(scene, position_ras)


def on_far_side(scene: Any, position_ras: np.ndarray, center_ras: np.ndarray) -> bool:
    """Return whether a position lies behind the center of the head in a 3D view.

    Args:
        scene: The scene of the views.
        position_ras: World position, RAS in mm; within 10 mm of the center's depth, it is not behind it.
        center_ras: Center of the head, likewise.
    """
    outward = np.asarray(position_ras, float) - np.asarray(center_ras, float)
    for camera in _cameras(scene):
        toward = np.array(camera.GetPosition()) - np.array(camera.GetFocalPoint())
        if outward @ toward < -_CENTRAL_MM * np.linalg.norm(toward):
            return True
    return False


def _cameras(scene: Any) -> list[Any]:
    logic = host().module_logic("cameras")
    found = [logic.GetViewActiveCameraNode(view) for view in nodes_of_class(scene, "vtkMRMLViewNode")]
    return [camera for camera in found if camera is not None]


def move_slices(scene: Any, position_ras: np.ndarray) -> None:
    """Move all slices through a world position, RAS in mm; only their offsets change."""
    slicer.vtkMRMLSliceNode.JumpAllSlices(scene, *position_ras, slicer.vtkMRMLSliceNode.OffsetJumpSlice)


def mark(scene: Any, position_ras: np.ndarray) -> None:
    """Show Slicer's crosshair at a world position, RAS in mm."""
    crosshair = scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    if crosshair is not None:
        crosshair.SetCrosshairRAS(*position_ras)
        crosshair.SetCrosshairMode(slicer.vtkMRMLCrosshairNode.ShowSmallBasic)


def set_layout(layout: int) -> None:
    """Choose a layout of the views; does nothing without a main window."""
    manager = slicer.app.layoutManager()
    if manager is not None:
        manager.setLayout(layout)


def fit_slices() -> None:
    """Fit every slice view to its background volume, as after loading one."""
    if slicer.app.layoutManager() is not None:
        slicer.util.resetSliceViews()


def center_of(node: Any) -> np.ndarray:
    """Return the center of a node's bounding box in world coordinates, RAS in mm."""
    bounds = np.zeros(6)
    node.GetRASBounds(bounds)
    return (bounds[::2] + bounds[1::2]) / 2


def to_world(node: Any, position_ras: np.ndarray) -> np.ndarray:
    """Convert a position from a node's coordinates to world coordinates, RAS in mm."""
    world = np.zeros(3)
    node.TransformPointToWorld(np.asarray(position_ras, float), world)
    return world


def hide_skull(node: Any) -> None:
    """Hide the node of a skull that coincides with a result: a segmentation, a model or a mask; a CT stays."""
    if not node.IsA("vtkMRMLVolumeNode"):
        node.SetDisplayVisibility(False)
        return
    for composite in nodes_of_class(node.GetScene(), "vtkMRMLSliceCompositeNode"):
        if composite.GetLabelVolumeID() == node.GetID():
            composite.SetLabelVolumeID(None)
