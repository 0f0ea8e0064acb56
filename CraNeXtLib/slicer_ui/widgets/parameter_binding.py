"""A module's parameter node, connected to the widgets of its panel while the panel is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import vtk


class ParameterBinding:
    """Connects parameters and widgets, and reports changes.

    Args:
        get_node: Returns the module's parameters in the scene, a ``parameterNodeWrapper``; creates them if needed.
        ui: The panel's widgets by name, from ``slicer.util.childWidgetVariables``.
        changed: Called after a parameter has changed and after connecting; never called recursively.
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
        """Whether the widgets are connected to the parameters."""
        return self._tags is not None

    @property
    def parameters(self) -> Any:
        """The parameters in the scene, even while the panel is closed."""
        return self._node if self.connected else self._get_node()

    def connect(self) -> None:
        """Show the scene's parameters in the panel, and keep both in sync."""
        self.disconnect()
        self._node = self._get_node()
        observer = self._node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_args: self.update())
        self._tags = (self._node.connectGui(self._ui), observer)
        self.update()

    def disconnect(self) -> None:
        """Disconnect, because another module is opened or the scene is closed."""
        if self._tags is None:
            return
        gui, observer = self._tags
        self._tags = None
        self._node.disconnectGui(gui)
        self._node.RemoveObserver(observer)

    def update(self) -> None:
        """Report a change of a parameter, or of anything else the panel shows."""
        if self.connected and not self._updating:
            self._updating = True
            try:
                self._changed()
            finally:
                self._updating = False
