"""Base class of the modules' widgets: creates the panel, and keeps it up to date with the scene while it is open."""

from __future__ import annotations

import sys
from typing import Any

import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin


class PanelWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Base class of a module's widget. Its panel is an object with the methods ``enter``, ``leave`` and ``close``.

    ``enter`` shows the scene's parameters. ``leave`` releases parameters and views while computations continue.
    ``close`` is called before the widgets are deleted.
    """

    def __init__(self, parent: Any = None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.panel: Any = None

    def make_panel(self, ui: Any) -> Any:
        """Return the module's panel, given the widgets of its .ui file by name."""
        raise NotImplementedError

    def setup(self) -> None:
        """Create the panel when the module is opened for the first time."""
        ScriptedLoadableModuleWidget.setup(self)
        widget = slicer.util.loadUI(self.resourcePath(f"UI/{self.moduleName}.ui"))
        self.layout.addWidget(widget)
        self.ui = slicer.util.childWidgetVariables(widget)
        widget.setMRMLScene(slicer.mrmlScene)
        self.panel = self.make_panel(self.ui)
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, lambda *_args: self.panel.leave())
        for event in (scene.EndCloseEvent, scene.EndImportEvent):
            self.addObserver(scene, event, self._show_scene)
        self.panel.enter()

    def cleanup(self) -> None:
        """Close the panel before its widgets are deleted, when Slicer quits or the module is reloaded."""
        self.removeObservers()
        if self.panel is not None:
            self.panel.close()

    def enter(self) -> None:
        """Show the scene's parameters when the module is opened."""
        self.panel.enter()

    def exit(self) -> None:
        """Release views and parameters while another module is open; computations continue."""
        self.panel.leave()

    def onReload(self) -> None:
        """Reload the library together with the module, for Slicer's Reload button."""
        for name in [name for name in sys.modules if name.partition(".")[0] == "CraNeXtLib"]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def _show_scene(self, _scene: Any, _event: str) -> None:
        """Show the parameters of a new scene."""
        if self.parent.isEntered:
            self.panel.enter()
