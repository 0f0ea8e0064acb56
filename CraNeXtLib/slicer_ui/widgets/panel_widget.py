"""What the widgets of all modules do alike: make the panel, and follow the scene while the user looks at it."""

from __future__ import annotations

import sys
from typing import Any

import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin


class PanelWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Base class of a module's widget, which has a panel: an object with ``enter``, ``leave`` and ``close``.

    ``enter`` shows the scene's parameters, ``leave`` lets go of them and of the views while computations go on, and
    ``close`` comes before the widgets are deleted.
    """

    def __init__(self, parent: Any = None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.panel: Any = None

    def make_panel(self, ui: Any) -> Any:
        """Return the panel of the widgets in the module's .ui file, by their names."""
        raise NotImplementedError

    def setup(self) -> None:
        """Build the panel when the module is opened for the first time."""
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
        """Let go before the widgets are deleted, as when Slicer ends or the module is reloaded."""
        self.removeObservers()
        if self.panel is not None:
            self.panel.close()

    def enter(self) -> None:
        """Show the scene's parameters whenever the module is opened."""
        self.panel.enter()

    def exit(self) -> None:
        """Leave views and parameters alone while another module is open; a run goes on."""
        self.panel.leave()

    def onReload(self) -> None:
        """Reload the library with the module, for Slicer's button Reload."""
        for name in [name for name in sys.modules if name.partition(".")[0] == "CraNeXtLib"]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def _show_scene(self, _scene: Any, _event: str) -> None:
        """Show the parameters of a scene that is new."""
        if self.parent.isEntered:
            self.panel.enter()
