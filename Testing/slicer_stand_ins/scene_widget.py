"""Base classes of Slicer's widgets that have a scene."""

from __future__ import annotations

from typing import Any

import slicer
from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QWidget,
)
from shiboken6 import isValid

from slicer_stand_ins.pythonqt import stand_in

SCENE_CHANGES = ("NodeAddedEvent", "NodeRemovedEvent", "EndBatchProcessEvent")


class InScene:
    """Mixin for a widget with a scene; calls ``_scene_changed`` when nodes are added or removed."""

    _scene: Any = None
    _tags: tuple[int, ...] = ()

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._scene, self._tags = scene, ()
        if scene is not None:
            events = [getattr(slicer.vtkMRMLScene, name) for name in SCENE_CHANGES]
            self._tags = (
                *(scene.AddObserver(event, self._on_scene_event) for event in events),
                scene.AddObserver(slicer.vtkMRMLScene.EndImportEvent, self._on_import),
            )
        self._scene_changed()

    def _on_scene_event(self, scene: Any, _event: str) -> None:
        if not isValid(self):  # the C++ part of the widget was deleted
            for tag in self._tags:
                scene.RemoveObserver(tag)
        elif not scene.IsBatchProcessing():
            self._scene_changed()

    def _on_import(self, _scene: Any, _event: str) -> None:
        if isValid(self):
            self._scene_changed()

    def _scene_changed(self) -> None:
        """Update the widget from the scene."""


@stand_in
class qMRMLWidget(QWidget):
    """The outermost widget of a panel; connections in the .ui file pass its scene on to the other widgets."""

    mrmlSceneChanged = Signal(object)
    _scene: Any = None

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        self._scene = scene
        self.mrmlSceneChanged.emit(scene)
