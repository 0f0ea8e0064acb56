"""Registers scripted modules and opens and closes their panels, as Slicer does."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any


def register_module(folder: Path) -> tuple[ModuleType, SimpleNamespace]:
    """Import the scripted module ``folder/<name of the folder>.py`` and register it, as Slicer does at startup.

    Returns:
        The Python module, and the description that Slicer would show.
    """
    import slicer

    name = folder.name
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    module = importlib.import_module(name)
    description = SimpleNamespace(path=str(folder / f"{name}.py"), name=name, hidden=False)
    getattr(module, name)(description)
    setattr(slicer.modules, name.lower(), description)
    return module, description


def open_panel(name: str) -> Any:
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
    """Close a panel as Slicer does when it quits."""
    import slicer

    container = getattr(slicer.modules, name.lower()).widgetRepresentation()
    container.exit()
    slicer.app.moduleManager().moduleAboutToBeUnloaded.emit(name)
    delattr(slicer.modules, f"{name}Widget")
    container.delete()
