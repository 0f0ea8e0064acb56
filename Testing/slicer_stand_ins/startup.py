"""Starts the stand-in for Slicer's application: afterwards ``slicer``, ``qt`` and ``ctk`` are there for a module."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

SLICER_SOURCE = os.environ.get("SLICER_SOURCE")
"""A folder of Slicer's source, whose own Python files then replace their stand-ins."""


def start_application() -> Any:
    """Make the stand-in for ``slicer.app``, and the modules around it; once per process.

    Returns:
        The application.

    Raises:
        FileNotFoundError: If the environment variable ``SLICER_SOURCE`` names another kind of folder.
    """
    import slicer

    from slicer_stand_ins import pythonqt

    qt = pythonqt.install()
    from slicer_stand_ins import ctk_widgets, mrml_widgets, segment_widgets  # noqa: F401 (registers its stand-ins)
    from slicer_stand_ins.application import Application
    from slicer_stand_ins.ui_files import UiLoader

    qt.QUiLoader = UiLoader
    qt.QCoreApplication.setOrganizationName("Slicer stand-ins")
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


def _use_stand_ins(slicer: Any) -> None:
    from slicer_stand_ins import parameter_node, scripted_module

    slicer.ScriptedLoadableModule = sys.modules["slicer.ScriptedLoadableModule"] = scripted_module
    slicer.parameterNodeWrapper = sys.modules["slicer.parameterNodeWrapper"] = parameter_node


def _use_slicers_own(slicer: Any, folder: Path) -> None:
    if not (folder / "ScriptedLoadableModule.py").is_file():
        raise FileNotFoundError(f"SLICER_SOURCE is not a folder of Slicer's source: {SLICER_SOURCE}")
    slicer.__path__.append(str(folder))
    found = importlib.util.spec_from_file_location("slicer.util", folder / "util.py")
    slicer.util = sys.modules["slicer.util"] = importlib.util.module_from_spec(found)
    found.loader.exec_module(slicer.util)
    importlib.import_module("slicer.ScriptedLoadableModule")
    importlib.import_module("slicer.parameterNodeWrapper")
