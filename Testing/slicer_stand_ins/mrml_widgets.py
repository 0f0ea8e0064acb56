"""Stand-ins for Slicer's widgets that show or choose nodes: plain Qt widgets with the same names and the real scene."""

from __future__ import annotations

from typing import Any

import slicer
import vtk
from PySide6.QtCore import Property, QAbstractTableModel, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from slicer_stand_ins.ctk_widgets import ctkCollapsibleButton, ctkDoubleSpinBox, ctkRangeWidget, ctkSliderWidget
from slicer_stand_ins.pythonqt import STAND_INS, option, stand_in
from slicer_stand_ins.scene_widget import InScene, qMRMLWidget


@stand_in
class qSlicerWidget(qMRMLWidget):
    pass


@stand_in
class qMRMLNodeComboBox(InScene, QWidget):
    """A combo box with the nodes of certain classes."""

    currentNodeChanged = Signal((object,), (bool,))
    currentNodeIDChanged = Signal(str)
    nodeActivated = Signal(object)
    nodeAdded = Signal(object)
    nodeAddedByUser = Signal(object)
    nodeTypes = option("QStringList", [], "_scene_changed")
    hideChildNodeTypes = option("QStringList", [], "_scene_changed")
    showChildNodeTypes = option(bool, True, "_scene_changed")
    showHidden = option(bool, False, "_scene_changed")
    noneEnabled = option(bool, False, "_scene_changed")
    noneDisplay = option(str, "None", "_scene_changed")
    addEnabled = option(bool, True)
    removeEnabled = option(bool, True)
    editEnabled = option(bool, False)
    renameEnabled = option(bool, False)
    selectNodeUponCreation = option(bool, True)
    baseName = option(str, "")
    interactionNodeSingletonTag = option(str, "")

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        QHBoxLayout(self).setContentsMargins(0, 0, 0, 0)
        self._current: Any = None
        self._items: list[Any] = []
        self._attributes: dict[str, tuple[str, str]] = {}
        self._box = QComboBox()
        self._box.setSizePolicy(self._box.sizePolicy.Policy.Ignored, self._box.sizePolicy.verticalPolicy())
        self.layout().addWidget(self._box)
        self.setFocusProxy(self._box)
        self._box.activated.connect(lambda index: self._choose(self._items[index]))

    def _fits(self, node: Any) -> bool:
        hidden = node.GetHideFromEditors() and not self.showHidden
        if hidden or any(node.IsA(kind) for kind in self.hideChildNodeTypes):
            return False
        for kind in self.nodeTypes:
            name, value = self._attributes.get(kind, (None, None))
            if name and (node.GetAttribute(name) is None or value not in (None, node.GetAttribute(name))):
                continue
            if node.GetClassName() == kind or (self.showChildNodeTypes and node.IsA(kind)):
                return True
        return False

    def _nodes(self) -> list[Any]:
        scene = self._scene
        return [node for node in map(scene.GetNthNode, range(scene.GetNumberOfNodes())) if self._fits(node)]

    def _scene_changed(self) -> None:
        nodes = [] if self._scene is None else self._nodes()
        self._items = [None, *nodes] if self.noneEnabled else nodes
        self._box.clear()
        self._box.addItems([self.noneDisplay if node is None else node.GetName() for node in self._items])
        if self._current in nodes:
            self._choose(self._current)
        else:
            self._choose(self._items[0] if self._items else None)

    def _choose(self, node: Any) -> None:
        self._box.setCurrentIndex(self._items.index(node) if node in self._items else -1)
        if node is not self._current:
            self._current = node
            self.currentNodeChanged.emit(node)
            self.currentNodeChanged[bool].emit(node is not None)
            self.currentNodeIDChanged.emit(self.currentNodeID)

    def addAttribute(self, kind: str, name: str, value: str | None = None) -> None:
        self._attributes[kind] = (name, value)
        self._scene_changed()

    def addMenuAction(self, _action: Any) -> None:
        pass

    def addNode(self, kind: str | None = None) -> Any:
        kind = kind or self.nodeTypes[0]
        name = self.baseName or kind.removeprefix("vtkMRML").removesuffix("Node")
        node = self._scene.AddNewNodeByClass(kind, self._scene.GenerateUniqueName(name))
        self.nodeAddedByUser.emit(node)
        if self.selectNodeUponCreation:
            self.setCurrentNode(node)
        return node

    def currentNode(self) -> Any:
        return self._current

    def setCurrentNode(self, node: Any) -> None:
        if isinstance(node, str):
            node = self._scene.GetNodeByID(node)
        if self._scene is not None:
            self._scene_changed()  # a changed node may now fit
        self._choose(node if node in self._items else None)

    def setCurrentNodeID(self, node_id: str) -> None:
        self.setCurrentNode(self._scene.GetNodeByID(node_id) if node_id else None)

    def setCurrentNodeIndex(self, index: int) -> None:
        self.setCurrentNode(self._nodes()[index])

    def nodeCount(self) -> int:
        return len(self._nodes())

    currentNodeID = Property(str, lambda self: self._current.GetID() if self._current else "", setCurrentNodeID)


class _TableModel(QAbstractTableModel):
    """The cells of a table node."""

    def __init__(self, node: Any) -> None:
        super().__init__()
        self._table = node.GetTable() if node else None

    def rowCount(self, _parent: Any = None) -> int:
        return self._table.GetNumberOfRows() if self._table else 0

    def columnCount(self, _parent: Any = None) -> int:
        return self._table.GetNumberOfColumns() if self._table else 0

    def data(self, index: Any, role: Any = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return self._table.GetValue(index.row(), index.column()).ToString()

    def headerData(self, section: int, orientation: Any, role: Any = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._table is None or role != Qt.ItemDataRole.DisplayRole:
            return None
        return self._table.GetColumnName(section) if orientation == Qt.Orientation.Horizontal else str(section + 1)


@stand_in
class qMRMLTableView(InScene, QTableView):
    """A view of a table node."""

    selectionChanged = Signal()
    transposed = option(bool, False)
    firstRowLocked = option(bool, False)
    firstColumnLocked = option(bool, False)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._node, self._tag = None, 0

    def setMRMLTableNode(self, node: Any) -> None:
        if self._node is not None:
            self._node.RemoveObserver(self._tag)
        self._node = node
        if node is not None:
            self._tag = node.AddObserver(vtk.vtkCommand.ModifiedEvent, self._fill)
        self._fill()

    def mrmlTableNode(self) -> Any:
        return self._node

    def _fill(self, *_event: Any) -> None:
        if not isValid(self):
            return
        self._model = _TableModel(self._node)
        self.setModel(self._model)
        self.selectionModel().selectionChanged.connect(lambda *_: self.selectionChanged.emit())


@stand_in
class qSlicerScriptedLoadableModuleWidget(qMRMLWidget):
    """The container of a scripted module's panel; ``self()`` returns the module's own widget object."""

    def __init__(self, module: Any) -> None:
        super().__init__()
        QVBoxLayout(self)
        self._module, self._python = module, None
        self.isEntered = False

    isEntered = option(bool, False)

    def self(self) -> Any:
        return self._python

    def reload(self) -> None:
        import sys

        name = f"{self._module.name}Widget"
        self._python = getattr(sys.modules[self._module.name], name)(self)
        setattr(slicer.modules, name, self._python)
        self._python.setup()

    def enter(self) -> None:
        self.isEntered = True
        if hasattr(self._python, "enter"):
            self._python.enter()

    def exit(self) -> None:
        self.isEntered = False
        if hasattr(self._python, "exit"):
            self._python.exit()


@stand_in
class qMRMLCollapsibleButton(InScene, ctkCollapsibleButton):
    pass


@stand_in
class qMRMLSliderWidget(InScene, ctkSliderWidget):
    quantity = option(str, "")
    unitAwareProperties = option(int, 0)


@stand_in
class qMRMLRangeWidget(InScene, ctkRangeWidget):
    quantity = option(str, "")


@stand_in
class qMRMLSpinBox(InScene, ctkDoubleSpinBox):
    quantity = option(str, "")


@stand_in
class qMRMLPlotView(InScene, QWidget):
    """A plot view in a panel, which draws nothing."""

    _view: Any = None

    def setMRMLPlotViewNode(self, node: Any) -> None:
        self._view = node

    def mrmlPlotViewNode(self) -> Any:
        return self._view

    def fitToContent(self) -> None:
        pass


def install() -> None:
    """Add the stand-ins to the module ``slicer``."""
    for name, widget_class in STAND_INS.items():
        if name.startswith("q"):
            setattr(slicer, name, widget_class)
