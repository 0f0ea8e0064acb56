"""Loading of .ui files with stand-ins for the widgets of CTK and MRML."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from PySide6 import QtCore, QtUiTools, QtWidgets

from slicer_stand_ins import pythonqt
from slicer_stand_ins.pythonqt import STAND_INS, connect

NOT_WIDGETS = {"Line"}  # known to Qt's loader, but not a class


class UiLoader:
    """The part of QUiLoader that ``slicer.util.loadUI`` needs, with errors where Qt is silent."""

    def load(self, file: Any, parent: Any = None) -> Any:
        """Return the widget described by an open file.

        Raises:
            RuntimeError: If a widget is neither a Qt widget nor a stand-in, or a connection fails.
        """
        root = ET.fromstring(bytes(file.readAll().data()))
        used = {widget.get("class") for widget in root.iter("widget")}
        unknown = {name for name in used - NOT_WIDGETS if name not in STAND_INS and not hasattr(QtWidgets, name)}
        if unknown:
            raise RuntimeError(f"there is no stand-in for {', '.join(sorted(unknown))}; add it to slicer_stand_ins")
        scene_connections = self._take_scene_connections(root)
        loader = QtUiTools.QUiLoader()
        for widget_class in STAND_INS.values():
            loader.registerCustomWidget(widget_class)
        buffer = QtCore.QBuffer()
        buffer.setData(ET.tostring(root))
        buffer.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        with pythonqt.lenient():  # PySide6 sets the named children as attributes of the widget
            widget = loader.load(buffer, parent)
        if widget is None:
            raise RuntimeError(loader.errorString())
        for sender, signal, receiver, slot in scene_connections:
            connect(self._named(widget, sender), signal, getattr(self._named(widget, receiver), slot.split("(")[0]))
        return widget

    @staticmethod
    def _take_scene_connections(root: ET.Element) -> list[list[str]]:
        """Remove and return the connections whose signals pass MRML objects, which are unknown to Qt."""
        taken = []
        for connections in root.iter("connections"):
            for connection in list(connections):
                if "vtkMRML" in connection.findtext("signal", ""):
                    connections.remove(connection)
                    taken.append([connection.findtext(part, "") for part in ("sender", "signal", "receiver", "slot")])
        return taken

    @staticmethod
    def _named(widget: Any, name: str) -> Any:
        found = widget if widget.name == name else widget.findChild(QtCore.QObject, name)
        if found is None:
            raise RuntimeError(f"a connection of the .ui file names {name}, which does not exist")
        return found
