"""A module's parameter node, connected with the widgets of its panel while the panel is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import vtk


class ParameterBinding:
    """Connects and disconnects, and says when a parameter has changed.

    Args:
        get_node: Returns the module's parameters in the scene, a ``parameterNodeWrapper``; makes them if need be.
        ui: The panel's widgets by name, from ``slicer.util.childWidgetVariables``.
        changed: Called after a parameter has changed and after connecting, never while it still runs.
    """

    def __init__(self, get_node: Callable[[], Any], ui: Any, changed: Callable[[], None]) -> None:
        self._get_node = get_node
        self._ui = ui
        self._changed = changed
        self._node: Any = None
        self._tags: tuple[Any, int] | None = None
        self._updating = False

    @property
    def connected(self) -> bool:
        """Whether the panel shows the parameters."""
        return self._tags is not None

    @property
    def parameters(self) -> Any:
        """The parameters in the scene, also while the panel is not open."""
        return self._node if self.connected else self._get_node()

    def connect(self) -> None:
        """Show the scene's parameters in the panel, and follow both."""
        self.disconnect()
        self._node = self._get_node()
        observer = self._node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_args: self.update())
        self._tags = (self._node.connectGui(self._ui), observer)
        self.update()

    def disconnect(self) -> None:
        """Let go, as when another module is opened or the scene is closed."""
        if self._tags is None:
            return
        gui, observer = self._tags
        self._tags = None
        self._node.disconnectGui(gui)
        self._node.RemoveObserver(observer)

    def update(self) -> None:
        """Tell that something has changed that parameters depend on."""
        if self.connected and not self._updating:
            self._updating = True
            try:
                self._changed()
            finally:
                self._updating = False
