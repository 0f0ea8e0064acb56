"""Stand-in for Slicer's application. Scene and logics are real; only the application object around them is not."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtWidgets import QApplication

LOGICS = {  # class of each module logic by its name in Slicer
    "Colors": "vtkSlicerColorLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "Models": "vtkSlicerModelsLogic",
    "Volumes": "vtkSlicerVolumesLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Cameras": "vtkSlicerCamerasModuleLogic",
    "Plots": "vtkSlicerPlotsLogic",
}


class ModuleManager(QObject):
    """Finds modules, and signals when one is about to be unloaded."""

    moduleAboutToBeUnloaded = Signal(str)

    def module(self, name: str) -> Any:
        import slicer

        return getattr(slicer.modules, name.lower(), None)


class Application:
    """The part of Slicer's application that modules, ``slicer.util`` and the scene need."""

    applicationName, applicationVersion = "Slicer", "5.13.0-2026-06-23"
    majorVersion, minorVersion, revision, os = 5, 13, "stand-in", "linux"

    def __init__(self) -> None:
        import slicer
        import vtk

        self._own_folder = tempfile.TemporaryDirectory(prefix="slicer-stand-ins-")
        self.temporaryPath = self.slicerHome = self._own_folder.name
        self.scene = slicer.vtkMRMLScene()
        self.logic = slicer.vtkSlicerApplicationLogic()
        self.logic.SetMRMLScene(self.scene)
        self.logic.SetSliceLogics(vtk.vtkCollection())
        self.logic.SetViewLogics(vtk.vtkCollection())
        self.logic.SetTemporaryPath(self.temporaryPath)
        self.logic.SetHomeDirectory(self.temporaryPath)
        self.logic.SetShareDirectory(self.temporaryPath)
        self.logics = {name: self._module_logic(name, getattr(slicer, kind)) for name, kind in LOGICS.items()}
        self._input_and_output = self._bundles()
        self.errors: list[BaseException] = []  # from slots and observers, where Slicer only prints them
        self.connected: list[tuple[str, Callable[..., Any]]] = []
        self._manager, self._layout, self.restarted = ModuleManager(), None, 0
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(self.scene, True)
        self._observe(slicer.vtkMRMLScene.NodeAddedEvent, self._add_to_hierarchy)
        self._observe(slicer.vtkMRMLScene.NodeAboutToBeRemovedEvent, self._remove_from_hierarchy)

    def applicationLogic(self) -> Any:
        return self.logic

    def moduleManager(self) -> ModuleManager:
        return self._manager

    def layoutManager(self) -> Any:
        """Return the layout manager, or None without a main window."""
        return self._layout

    def open_main_window(self) -> Any:
        """Create the main window and the layout manager, which Slicer does not have with --no-main-window."""
        from slicer_stand_ins.layout import qSlicerLayoutManager, qSlicerMainWindow

        self._layout = qSlicerLayoutManager()
        return qSlicerMainWindow()

    def close_main_window(self, window: Any) -> None:
        self._layout = None
        self.logic.GetSliceLogics().RemoveAllItems()
        window.delete()

    def testingEnabled(self) -> bool:
        return True  # so that slicer.util answers its own dialogs

    def userSettings(self) -> QSettings:
        return QSettings()

    settings = revisionUserSettings = userSettings

    def startupEnvironment(self) -> SimpleNamespace:
        return SimpleNamespace(keys=lambda: list(os.environ), value=os.environ.get)

    def processEvents(self, *_flags: Any) -> None:
        QApplication.processEvents()

    def topLevelWidgets(self) -> list[Any]:
        return QApplication.topLevelWidgets()

    def clipboard(self) -> Any:
        return QApplication.clipboard()

    def palette(self) -> Any:
        return QApplication.palette()

    def setOverrideCursor(self, cursor: Any) -> None:
        QApplication.setOverrideCursor(cursor)

    def restoreOverrideCursor(self) -> None:
        QApplication.restoreOverrideCursor()

    def translate(self, _context: str, text: str) -> str:
        return text

    def connect(self, signal: str, slot: Callable[..., Any]) -> None:
        """Remember a slot of a signal such as ``startupCompleted()``; a test calls it."""
        self.connected.append((signal, slot))

    def disconnect(self, signal: str, slot: Callable[..., Any]) -> None:
        self.connected.remove((signal, slot))

    def restart(self) -> None:
        self.restarted += 1

    def pauseRender(self) -> None:
        pass

    def resumeRender(self) -> None:
        pass

    def _module_logic(self, name: str, kind: type) -> Any:
        logic = kind()
        logic.SetMRMLApplicationLogic(self.logic)
        if name == "Colors":
            self.logic.SetColorLogic(logic)
        logic.SetMRMLScene(self.scene)
        self.logic.SetModuleLogic(name, logic)
        return logic

    def _bundles(self) -> list[Any]:
        """Prepare the scene for reading and writing .mrb files."""
        import slicer

        remote, data = slicer.vtkMRMLRemoteIOLogic(), slicer.vtkDataIOManagerLogic()
        for logic in (remote, data):
            logic.SetMRMLScene(self.scene)
            logic.SetMRMLApplicationLogic(self.logic)
        remote.GetCacheManager().SetRemoteCacheDirectory(self.temporaryPath)
        data.SetAndObserveDataIOManager(remote.GetDataIOManager())
        remote.AddDataIOToScene()
        return [remote, data]

    def _observe(self, event: int, called: Callable[[Any], None]) -> None:
        import vtk

        def observer(_scene, _event, node):
            called(node)

        observer.CallDataType = vtk.VTK_OBJECT
        self.scene.AddObserver(event, observer)

    def _add_to_hierarchy(self, node: Any) -> None:
        hierarchy = self.scene.GetSubjectHierarchyNode()
        if hierarchy and node.IsA("vtkMRMLDisplayableNode") and not node.GetHideFromEditors():
            hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)

    def _remove_from_hierarchy(self, node: Any) -> None:
        hierarchy = self.scene.GetSubjectHierarchyNode()
        if hierarchy and not self.scene.IsBatchProcessing() and (item := hierarchy.GetItemByDataNode(node)):
            hierarchy.RemoveItem(item, False, False)
