"""Stands in for the Slicer application, so that the modules can be tested with plain Python.

Real are the scene, its nodes, files and logics, and ``slicer.util``, from the package slicer-core. Stand-ins, as thin
as can be, are the application object, the timer and settings of Qt, the base classes of scripted modules, and the
making of subject hierarchy items, which the application leaves to a Qt plugin. A pass therefore says that the scene is
right, never that it ran in Slicer.

A test file uses it with ``pytest_plugins = ["slicer_harness"]`` and the fixtures ``scene`` and ``load_module``.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
LOGICS = {  # the names that Slicer gives them: their classes
    "Colors": "vtkSlicerColorLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "Models": "vtkSlicerModelsLogic",
    "Volumes": "vtkSlicerVolumesLogic",
}


@pytest.fixture(scope="session")
def application():
    """The stand-in of Slicer's application, made once; see :func:`boot`."""
    pytest.importorskip("slicer", reason="needs the package slicer-core")
    return boot()


@pytest.fixture
def scene(application, tmp_path, monkeypatch):
    """The scene, empty before and after; Slicer's temporary files go into a folder of the test's."""
    folder = tmp_path / "Slicer's temporary Ordnerchen äö"
    folder.mkdir()
    monkeypatch.setattr(application, "temporaryPath", str(folder))
    application.scene.Clear(True)
    yield application.scene
    application.scene.Clear(True)
    QTimer.running.clear()
    QSettings.values.clear()


@pytest.fixture
def load_module(scene, monkeypatch):  # noqa: ARG001 (a module needs the application)
    """Import a scripted module and make its description, as Slicer does at start-up; returns both."""

    def load(name: str) -> tuple[ModuleType, SimpleNamespace]:
        folder = REPOSITORY / name
        monkeypatch.syspath_prepend(str(folder))
        module = importlib.import_module(name)
        description = SimpleNamespace(path=str(folder / f"{name}.py"))
        getattr(module, name)(description)
        return module, description

    return load


def boot() -> Application:
    """Make the application's stand-in, and ``slicer`` and ``qt`` as a module finds them when Slicer loads it."""
    import slicer

    slicer.app = Application()
    slicer.mrmlScene = slicer.app.scene
    slicer.modules = SimpleNamespace(
        **{name.lower(): SimpleNamespace(logic=lambda logic=logic: logic) for name, logic in slicer.app.logics.items()}
    )
    base_classes = ModuleType("slicer.ScriptedLoadableModule")
    base_classes.ScriptedLoadableModule = ScriptedLoadableModule
    base_classes.ScriptedLoadableModuleLogic = ScriptedLoadableModuleLogic
    slicer.ScriptedLoadableModule = sys.modules[base_classes.__name__] = base_classes
    sys.modules["qt"] = ModuleType("qt")
    sys.modules["qt"].QTimer, sys.modules["qt"].QSettings = QTimer, QSettings
    return slicer.app


class Application:
    """As much of Slicer's application as the modules, slicer.util and the scene need."""

    def __init__(self) -> None:
        import slicer
        import vtk

        self.temporaryPath = tempfile.gettempdir()
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
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(self.scene, True)
        self._observe(slicer.vtkMRMLScene.NodeAddedEvent, self._add_to_hierarchy)
        self._observe(slicer.vtkMRMLScene.NodeAboutToBeRemovedEvent, self._remove_from_hierarchy)

    def applicationLogic(self) -> Any:
        return self.logic

    def startupEnvironment(self) -> SimpleNamespace:
        return SimpleNamespace(keys=lambda: list(os.environ), value=os.environ.get)

    def processEvents(self) -> None:
        """Let the timers that are due fire, in place of Qt's event loop."""
        for timer in list(QTimer.running):
            timer.fire_if_due()

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


class QTimer:
    """Qt's timer, which fires when the application processes events."""

    running: list[QTimer] = []  # noqa: RUF012

    def setInterval(self, milliseconds: int) -> None:
        self._interval = milliseconds / 1000

    def connect(self, signal: str, slot: Callable[[], None]) -> None:
        assert signal == "timeout()"
        self._slot = slot

    def start(self) -> None:
        self._due = time.monotonic() + self._interval
        QTimer.running.append(self)

    def stop(self) -> None:
        QTimer.running.remove(self)

    def fire_if_due(self) -> None:
        if time.monotonic() >= self._due:
            self._due += self._interval
            self._slot()


class QSettings:
    """Qt's settings, in memory."""

    values: dict[str, str] = {}  # noqa: RUF012

    def contains(self, key: str) -> bool:
        return key in self.values

    def value(self, key: str) -> str:
        return self.values[key]


class ScriptedLoadableModule:
    """Base class of a module's description; the real one also finds the icon and registers a test."""

    def __init__(self, parent: Any) -> None:
        self.parent = parent


class ScriptedLoadableModuleLogic:
    """Base class of a module's logic; the real one also manages a parameter node."""

    def __init__(self, parent: Any = None) -> None:
        self.parent = parent
