"""Runs the modules and their panels with plain Python, without the Slicer application.

Real are the scene, its nodes, files and logics, and ``slicer.util``, from the package slicer-core, and the widgets of
Qt, from PySide6. Stand-ins are in ``slicer_stand_ins``: the application object, the base classes of scripted modules,
the widgets of CTK and MRML, and PythonQt's manners. With the environment variable ``CRANEXT_SLICER_SOURCE`` naming a
folder of Slicer's source, Slicer's own ``ScriptedLoadableModule``, ``parameterNodeWrapper``, ``i18n``, ``packaging``
and ``util`` are used instead. A pass therefore says that scene and wiring are right, never that it ran in Slicer.

A test file uses it with ``pytest_plugins = ["slicer_harness"]`` and the fixtures ``scene``, ``load_module``, ``panel``
and ``main_window``.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
SLICER_SOURCE = os.environ.get("CRANEXT_SLICER_SOURCE")


@pytest.fixture(scope="session")
def application():
    """The stand-in of Slicer's application, made once; see :func:`boot`."""
    pytest.importorskip("slicer", reason="needs the package slicer-core")
    return boot()


@pytest.fixture
def scene(application, tmp_path, monkeypatch):
    """The scene, empty before and after; Slicer's temporary files and settings go into a folder of the test's.

    An error in a slot of Qt's or an observer of VTK's, which Slicer would only print, fails the test; a test that
    expects one empties ``slicer.app.errors``.
    """
    import qt
    from slicer_stand_ins import pythonqt

    folder = tmp_path / "Slicer's temporary Ordnerchen äö"
    folder.mkdir()
    monkeypatch.setattr(application, "temporaryPath", str(folder))
    monkeypatch.setattr(sys, "excepthook", lambda _kind, error, _trace: application.errors.append(error))
    qt.QSettings.setPath(qt.QSettings.IniFormat, qt.QSettings.UserScope, str(tmp_path / "settings"))
    qt.QSettings().clear()
    application.scene.Clear(True)
    yield application.scene
    application.scene.Clear(True)
    pythonqt.release()
    errors, application.errors = application.errors, []
    application.connected.clear()
    for error in errors:
        raise error


@pytest.fixture
def load_module(scene, monkeypatch):  # noqa: ARG001 (a module needs the application)
    """Import a scripted module and make its description, as Slicer does at start-up; returns both."""

    def load(name: str) -> tuple[ModuleType, SimpleNamespace]:
        monkeypatch.syspath_prepend(str(REPOSITORY / name))
        return describe_module(name)

    return load


@pytest.fixture
def main_window(scene):  # noqa: ARG001
    """Slicer's main window; without it there is no layout manager, either."""
    import slicer

    window = slicer.app.open_main_window()
    yield window
    slicer.app.close_main_window(window)


@pytest.fixture
def panel(load_module):
    """Open the panel of a module, as choosing it from Slicer's menu does; returns the module's widget object.

    At the end the panel is closed as when Slicer ends.
    """
    opened = []

    def open_panel(name: str) -> Any:
        load_module(name)
        opened.append(name)
        return make_panel(name)

    yield open_panel
    for name in opened:
        close_panel(name)


def boot() -> Any:
    """Make the application's stand-in, and ``slicer``, ``qt`` and ``ctk`` as a module finds them; once a process."""
    import slicer
    from slicer_stand_ins import pythonqt

    qt = pythonqt.install()
    from slicer_stand_ins import ctk_widgets, mrml_widgets, segment_widgets  # noqa: F401 (makes its stand-ins known)
    from slicer_stand_ins.application import Application

    qt.QCoreApplication.setOrganizationName("CraNeXt tests")
    qt.QCoreApplication.setApplicationName("Slicer")
    qt.QSettings.setDefaultFormat(qt.QSettings.IniFormat)
    ctk_widgets.install()
    mrml_widgets.install()
    slicer.app = Application()
    slicer.mrmlScene = slicer.app.scene
    slicer.modules = SimpleNamespace(
        **{name.lower(): SimpleNamespace(logic=lambda logic=logic: logic) for name, logic in slicer.app.logics.items()}
    )
    if SLICER_SOURCE:
        _use_slicers_own(slicer, Path(SLICER_SOURCE) / "Base" / "Python" / "slicer")
    else:
        _use_stand_ins(slicer)
    return slicer.app


def describe_module(name: str) -> tuple[ModuleType, SimpleNamespace]:
    """Import a module whose folder is on the path, register it, and return it with its description."""
    import slicer

    module = importlib.import_module(name)
    description = SimpleNamespace(path=str(REPOSITORY / name / f"{name}.py"), name=name, hidden=False)
    getattr(module, name)(description)
    setattr(slicer.modules, name.lower(), description)
    return module, description


def make_panel(name: str) -> Any:
    """Make the panel of a registered module, enter it, and return the module's widget object."""
    import slicer

    description = getattr(slicer.modules, name.lower())
    container = slicer.qSlicerScriptedLoadableModuleWidget(description)
    description.widgetRepresentation = lambda: container
    container.setMRMLScene(slicer.mrmlScene)
    container.reload()
    container.resize(420, 800)
    container.show()
    container.enter()
    slicer.app.processEvents()
    return container.self()


def close_panel(name: str) -> None:
    """Close a panel as when Slicer ends."""
    import slicer

    container = getattr(slicer.modules, name.lower()).widgetRepresentation()
    container.exit()
    slicer.app.moduleManager().moduleAboutToBeUnloaded.emit(name)
    delattr(slicer.modules, f"{name}Widget")
    container.delete()


def _use_stand_ins(slicer: Any) -> None:
    from slicer_stand_ins import parameter_node, scripted_module

    slicer.ScriptedLoadableModule = sys.modules["slicer.ScriptedLoadableModule"] = scripted_module
    slicer.parameterNodeWrapper = sys.modules["slicer.parameterNodeWrapper"] = parameter_node


def _use_slicers_own(slicer: Any, folder: Path) -> None:
    if not (folder / "ScriptedLoadableModule.py").is_file():
        raise FileNotFoundError(f"CRANEXT_SLICER_SOURCE is not a folder of Slicer's source: {SLICER_SOURCE}")
    slicer.__path__.append(str(folder))
    found = importlib.util.spec_from_file_location("slicer.util", folder / "util.py")
    slicer.util = sys.modules["slicer.util"] = importlib.util.module_from_spec(found)
    found.loader.exec_module(slicer.util)
    importlib.import_module("slicer.ScriptedLoadableModule")
    importlib.import_module("slicer.parameterNodeWrapper")
