"""Pytest fixtures that run scripted modules and their panels without the Slicer application.

A test file uses them with ``pytest_plugins = ["slicer_stand_ins.pytest_plugin"]``. Modules are looked for in pytest's
root folder; override the fixture ``modules_folder`` if yours are elsewhere.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from slicer_stand_ins import modules
from slicer_stand_ins.startup import start_application


@pytest.fixture(scope="session")
def application() -> Any:
    """The stand-in for ``slicer.app``, made once."""
    pytest.importorskip("slicer", reason="needs the package slicer-core")
    return start_application()


@pytest.fixture
def scene(application: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The MRML scene, empty before and after the test; Slicer's temporary files and settings lie in ``tmp_path``.

    An error in a Qt slot or a VTK observer, which Slicer would only print, fails the test. A test that expects one
    empties ``slicer.app.errors``.
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


@pytest.fixture(scope="session")
def modules_folder(pytestconfig: pytest.Config) -> Path:
    """The folder in which each scripted module has a folder of its name."""
    return pytestconfig.rootpath


@pytest.fixture
def load_module(
    scene: Any,  # noqa: ARG001 (a module needs the application)
    modules_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str], tuple[ModuleType, SimpleNamespace]]:
    """Register a scripted module by name; returns the Python module and its description."""

    def load(name: str) -> tuple[ModuleType, SimpleNamespace]:
        monkeypatch.syspath_prepend(str(modules_folder / name))
        return modules.register_module(modules_folder / name)

    return load


@pytest.fixture
def main_window(scene: Any) -> Iterator[Any]:  # noqa: ARG001
    """Slicer's main window; without it there is no layout manager, either."""
    import slicer

    window = slicer.app.open_main_window()
    yield window
    slicer.app.close_main_window(window)


@pytest.fixture
def panel(load_module: Callable[[str], Any]) -> Iterator[Callable[[str], Any]]:
    """Open a module's panel, as choosing it in Slicer's menu does; returns the module's widget object.

    After the test the panel is closed as when Slicer quits.
    """
    opened = []

    def open_panel(name: str) -> Any:
        load_module(name)
        opened.append(name)
        return modules.open_panel(name)

    yield open_panel
    for name in opened:
        modules.close_panel(name)
