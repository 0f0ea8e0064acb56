"""What Slicer's widgets that know the scene share."""

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
    """A widget that is told the scene, and calls ``_scene_changed`` when nodes come and go."""

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
        if not isValid(self):  # the widget is gone, as its C++ part tells
            for tag in self._tags:
                scene.RemoveObserver(tag)
        elif not scene.IsBatchProcessing():
            self._scene_changed()

    def _on_import(self, _scene: Any, _event: str) -> None:
        if isValid(self):
            self._scene_changed()

    def _scene_changed(self) -> None:
        """Show what is in the scene now."""


@stand_in
class qMRMLWidget(QWidget):
    """A panel's outermost widget, which passes the scene on to the others by the connections of its .ui file."""

    mrmlSceneChanged = Signal(object)
    _scene: Any = None

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        self._scene = scene
        self.mrmlSceneChanged.emit(scene)
