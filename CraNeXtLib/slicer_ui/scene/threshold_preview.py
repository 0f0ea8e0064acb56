"""Preview of a bone threshold, overlaid on a CT in the slice views.

A second volume node shares the CT's voxels and has a display threshold, so moving the slider only redraws the slices.
Nothing is computed, closed or filled.
"""

from __future__ import annotations

from typing import Any

import slicer

from CraNeXtLib.slicer_ui.scene.scene_nodes import nodes_of_class

_COLOR = (1.0, 0.6, 0.1)
_OPACITY = 0.6
_NAME = "CraNeXt bone preview"


class ThresholdPreview:
    """Shows and hides the preview; hiding restores the views."""

    def __init__(self) -> None:
        self._volume: Any = None
        self._colors: Any = None
        self._before: dict[str, tuple[str | None, float]] = {}

    @property
    def shown(self) -> bool:
        """Whether the preview is in the scene; closing the scene removes it."""
        return self._volume is not None and self._volume.GetScene() is not None

    def show(self, ct: Any, threshold_hu: float) -> None:
        """Highlight the voxels of a CT that reach a threshold.

        Args:
            ct: Scalar volume node in Hounsfield units.
            threshold_hu: Lowest value that counts as bone.
        """
        if not self.shown or self._volume.GetImageData() is not ct.GetImageData():
            self.hide()
            self._add(ct)
        display = self._volume.GetDisplayNode()
        display.SetThreshold(threshold_hu, ct.GetImageData().GetScalarRange()[1])

    def hide(self) -> None:
        """Remove the preview from the slices and the scene."""
        if self.shown:
            scene = self._volume.GetScene()
            for composite in nodes_of_class(scene, "vtkMRMLSliceCompositeNode"):
                if composite.GetForegroundVolumeID() == self._volume.GetID():
                    volume_id, opacity = self._before.get(composite.GetID(), (None, 0.0))
                    composite.SetForegroundVolumeID(volume_id)
                    composite.SetForegroundOpacity(opacity)
            for node in (self._volume.GetDisplayNode(), self._volume, self._colors):
                scene.RemoveNode(node)
        self._volume = self._colors = None
        self._before.clear()

    def _add(self, ct: Any) -> None:
        scene = ct.GetScene()
        self._colors = _hidden(slicer.vtkMRMLColorTableNode())
        self._colors.SetTypeToUser()
        self._colors.SetNumberOfColors(2)
        for number in range(2):
            self._colors.SetColor(number, str(number), *_COLOR, 1.0)
        display = _hidden(slicer.vtkMRMLScalarVolumeDisplayNode())
        display.SetAutoWindowLevel(False)
        display.SetAndObserveColorNodeID(scene.AddNode(self._colors).GetID())
        display.SetApplyThreshold(True)
        self._volume = _hidden(slicer.vtkMRMLScalarVolumeNode())
        self._volume.CopyOrientation(ct)
        self._volume.SetAndObserveTransformNodeID(ct.GetTransformNodeID())
        self._volume.SetAndObserveImageData(ct.GetImageData())
        scene.AddNode(display)
        scene.AddNode(self._volume)
        self._volume.SetAndObserveDisplayNodeID(display.GetID())
        for composite in nodes_of_class(scene, "vtkMRMLSliceCompositeNode"):
            self._before[composite.GetID()] = (composite.GetForegroundVolumeID(), composite.GetForegroundOpacity())
            composite.SetBackgroundVolumeID(ct.GetID())
            composite.SetForegroundVolumeID(self._volume.GetID())
            composite.SetForegroundOpacity(_OPACITY)


def _hidden(node: Any) -> Any:
    """Hide a new node from lists, and do not save it with the scene."""
    node.SetName(_NAME)
    node.SetHideFromEditors(True)
    node.SetSaveWithScene(False)
    return node
