"""Slicer's views turned to a place in the head: the 3D view looks at it from outside, the slices go through it."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

_DISTANCE_MM = 420.0  # of the camera: a whole head is in sight, and the defect fills a good part of it


def show_place(scene: Any, place_ras: np.ndarray, centre_ras: np.ndarray) -> None:
    """Look at a place from outside the head, and move the slices through it.

    Args:
        scene: Its views turn.
        place_ras: The place, RAS in mm, as seen in the views (under the nodes' transforms).
        centre_ras: The middle of the head, likewise.
    """
    outward = np.asarray(place_ras, float) - np.asarray(centre_ras, float)
    length = float(np.linalg.norm(outward))
    outward = outward / length if length > 1 else np.array([0.0, 1.0, 0.0])
    up = (0.0, 0.0, 1.0) if abs(outward[2]) < 0.9 else (0.0, 1.0, 0.0)
    for camera in _cameras(scene):
        camera.SetFocalPoint(*centre_ras)
        camera.SetPosition(*(np.asarray(centre_ras) + outward * _DISTANCE_MM))
        camera.SetViewUp(*up)
        camera.ResetClippingRange()
    move_slices(scene, place_ras)


def _cameras(scene: Any) -> list[Any]:
    logic = slicer.modules.cameras.logic()
    found = [logic.GetViewActiveCameraNode(view) for view in scene.GetNodesByClass("vtkMRMLViewNode")]
    return [camera for camera in found if camera is not None]


def move_slices(scene: Any, place_ras: np.ndarray) -> None:
    """Move all slices through a place, RAS in mm; what else they show stays."""
    slicer.vtkMRMLSliceNode.JumpAllSlices(scene, *place_ras, slicer.vtkMRMLSliceNode.OffsetJumpSlice)


def mark(scene: Any, place_ras: np.ndarray) -> None:
    """Show Slicer's crosshair at a place, RAS in mm."""
    crosshair = scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    if crosshair is not None:
        crosshair.SetCrosshairRAS(*place_ras)
        crosshair.SetCrosshairMode(slicer.vtkMRMLCrosshairNode.ShowSmallBasic)


def arrange_views(layout: int) -> None:
    """Arrange the views; without a main window there are none, and nothing happens."""
    manager = slicer.app.layoutManager()
    if manager is not None:
        manager.setLayout(layout)


def fit_slices() -> None:
    """Let every slice show all of its background volume, as after loading one."""
    if slicer.app.layoutManager() is not None:
        slicer.util.resetSliceViews()


def middle_of(node: Any) -> np.ndarray:
    """Return the middle of a node's bounding box in the views, RAS in mm."""
    bounds = np.zeros(6)
    node.GetRASBounds(bounds)
    return (bounds[::2] + bounds[1::2]) / 2


def in_world(node: Any, place_ras: np.ndarray) -> np.ndarray:
    """Return a place in a node's coordinates, RAS in mm, as it is in the views."""
    place = np.zeros(3)
    node.TransformPointToWorld(np.asarray(place_ras, float), place)
    return place


def hide_labels(volume: Any) -> None:
    """Take a mask out of the slices, where it is shown as labels."""
    for composite in volume.GetScene().GetNodesByClass("vtkMRMLSliceCompositeNode"):
        if composite.GetLabelVolumeID() == volume.GetID():
            composite.SetLabelVolumeID(None)
