"""Stand-ins for Slicer's widgets that show or choose nodes: same names, plain widgets of Qt, the real scene."""

from __future__ import annotations

from typing import Any

import slicer
import vtk
from PySide6.QtCore import Property, QAbstractTableModel, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTableView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from slicer_stand_ins.ctk_widgets import ctkCollapsibleButton, ctkDoubleSpinBox, ctkRangeWidget, ctkSliderWidget
from slicer_stand_ins.pythonqt import STAND_INS, option, stand_in

SCENE_CHANGES = ("NodeAddedEvent", "NodeRemovedEvent", "EndBatchProcessEvent")


class _InScene:
    """A widget that is told the scene, and calls ``_scene_changed`` when nodes come and go."""

    _scene: Any = None
    _tags: tuple[int, ...] = ()

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._scene, self._tags = scene, ()
        if scene is not None:
            events = [getattr(slicer.vtkMRMLScene, name) for name in SCENE_CHANGES]
            self._tags = (
                *(scene.AddObserver(event, self._on_scene_event) for event in events),
                scene.AddObserver(slicer.vtkMRMLScene.EndImportEvent, self._on_import),
            )
        self._scene_changed()

    def _on_scene_event(self, scene: Any, _event: str) -> None:
        if not isValid(self):  # the widget is gone, as its C++ part tells
            for tag in self._tags:
                scene.RemoveObserver(tag)
        elif not scene.IsBatchProcessing():
            self._scene_changed()

    def _on_import(self, _scene: Any, _event: str) -> None:
        if isValid(self):
            self._scene_changed()

    def _scene_changed(self) -> None:
        """Show what is in the scene now."""


@stand_in
class qMRMLWidget(QWidget):
    """A panel's outermost widget, which passes the scene on to the others by the connections of its .ui file."""

    mrmlSceneChanged = Signal(object)
    _scene: Any = None

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        self._scene = scene
        self.mrmlSceneChanged.emit(scene)


@stand_in
class qSlicerWidget(qMRMLWidget):
    pass


@stand_in
class qMRMLNodeComboBox(_InScene, QWidget):
    """Chooses a node of some classes."""

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
            self._scene_changed()  # a node may fit since it was changed
        self._choose(node if node in self._items else None)

    def setCurrentNodeID(self, node_id: str) -> None:
        self.setCurrentNode(self._scene.GetNodeByID(node_id) if node_id else None)

    def setCurrentNodeIndex(self, index: int) -> None:
        self.setCurrentNode(self._nodes()[index])

    def nodeCount(self) -> int:
        return len(self._nodes())

    currentNodeID = Property(str, lambda self: self._current.GetID() if self._current else "", setCurrentNodeID)


@stand_in
class qMRMLSegmentSelectorWidget(_InScene, QWidget):
    """Chooses a segmentation and a segment of it."""

    currentNodeChanged = Signal((object,), (bool,))
    currentSegmentChanged = Signal(str)
    segmentationNodeSelectorVisible = option(bool, True, "_show_selector")
    horizontalLayout = option(bool, False)
    multiSelection = option(bool, False)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        QVBoxLayout(self).setContentsMargins(0, 0, 0, 0)
        self._selector, self._box = qMRMLNodeComboBox(), QComboBox()
        self._selector.nodeTypes = ["vtkMRMLSegmentationNode"]
        self._observed: Any = None
        self._segments: list[str] = []
        for part in (self._selector, self._box):
            self.layout().addWidget(part)
        self.setFocusProxy(self._selector)
        self._selector.currentNodeChanged.connect(self._node_changed)
        self._box.currentIndexChanged.connect(lambda _index: self.currentSegmentChanged.emit(self.currentSegmentID()))

    def _show_selector(self) -> None:
        self._selector.setVisible(self.segmentationNodeSelectorVisible)

    def setMRMLScene(self, scene: Any) -> None:
        self._scene = scene
        self._selector.setMRMLScene(scene)

    def _node_changed(self, node: Any) -> None:
        if self._observed is not None:
            self._observed[0].RemoveObserver(self._observed[1])
        self._observed = None
        if node is not None:
            segmentation = node.GetSegmentation()
            events = ("SegmentAdded", "SegmentRemoved", "SegmentModified")
            tags = [segmentation.AddObserver(getattr(slicer.vtkSegmentation, name), self._fill) for name in events]
            self._observed = (_Observed(segmentation, tags), None)
        self._fill()
        self.currentNodeChanged.emit(node)
        self.currentNodeChanged[bool].emit(node is not None)

    def _fill(self, *_event: Any) -> None:
        if not isValid(self):
            return
        node, chosen = self.currentNode(), self.currentSegmentID()
        segmentation = node.GetSegmentation() if node else None
        count = segmentation.GetNumberOfSegments() if segmentation else 0
        segments = [segmentation.GetNthSegmentID(i) for i in range(count)]
        names = [segmentation.GetSegment(segment).GetName() for segment in segments]
        blocked = self._box.blockSignals(True)
        self._segments = ["", *segments] if self.noneEnabled else segments
        self._box.clear()
        self._box.addItems(["None", *names] if self.noneEnabled else names)
        if chosen in self._segments:
            self._box.setCurrentIndex(self._segments.index(chosen))
        self._box.blockSignals(blocked)
        if self.currentSegmentID() != chosen:
            self.currentSegmentChanged.emit(self.currentSegmentID())

    def currentNode(self) -> Any:
        return self._selector.currentNode()

    def setCurrentNode(self, node: Any) -> None:
        self._selector.setCurrentNode(node)

    def currentNodeID(self) -> str:
        return self._selector.currentNodeID

    def setCurrentNodeID(self, node_id: str) -> None:
        self._selector.setCurrentNodeID(node_id)

    def currentSegmentID(self) -> str:
        index = self._box.currentIndex
        return self._segments[index] if 0 <= index < len(self._segments) else ""

    def setCurrentSegmentID(self, segment: str) -> None:
        self._box.setCurrentIndex(self._segments.index(segment) if segment in self._segments else -1)

    def segmentIDs(self) -> list[str]:
        return [segment for segment in self._segments if segment]

    def _set_none(self, enabled: bool) -> None:
        self._none, self._selector.noneEnabled = enabled, enabled
        self._fill()

    _none = False
    noneEnabled = Property(bool, lambda self: self._none, _set_none)


class _Observed:
    """Observers of one object, removed together."""

    def __init__(self, observed: Any, tags: list[int]) -> None:
        self._observed, self._tags = observed, tags

    def RemoveObserver(self, _tag: Any) -> None:
        for tag in self._tags:
            self._observed.RemoveObserver(tag)


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
class qMRMLTableView(_InScene, QTableView):
    """Shows a table node."""

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
class qMRMLSegmentsTableView(_InScene, QTableWidget):
    """Lists the segments of a segmentation."""

    readOnly = option(bool, False)
    headerVisible = option(bool, True)
    visibilityColumnVisible = option(bool, True)
    colorColumnVisible = option(bool, True)
    opacityColumnVisible = option(bool, True)
    statusColumnVisible = option(bool, False)

    def setSegmentationNode(self, node: Any) -> None:
        self._node = node
        segmentation = node.GetSegmentation() if node else None
        self.setColumnCount(1)
        self.setRowCount(segmentation.GetNumberOfSegments() if segmentation else 0)
        for row in range(self.rowCount):
            segment = segmentation.GetNthSegment(row)
            item = QTableWidgetItem(segment.GetName())
            item.setBackground(QColor.fromRgbF(*segment.GetColor()))
            self.setItem(row, 0, item)

    _node: Any = None

    def segmentationNode(self) -> Any:
        return self._node

    def selectedSegmentIDs(self) -> list[str]:
        rows = sorted({index.row() for index in self.selectedIndexes()})
        return [self._node.GetSegmentation().GetNthSegmentID(row) for row in rows]


@stand_in
class qMRMLSegmentationShow3DButton(_InScene, QPushButton):
    """Makes or removes the surfaces of a segmentation."""

    locked = option(bool, False)
    _node: Any = None

    def __init__(self, parent: Any = None) -> None:
        super().__init__("Show 3D", parent)
        self.setCheckable(True)
        self.toggled.connect(self._show)

    def _show(self, on: bool) -> None:
        if self._node is not None:
            (self._node.CreateClosedSurfaceRepresentation if on else self._node.RemoveClosedSurfaceRepresentation)()

    def setSegmentationNode(self, node: Any) -> None:
        self._node = node

    def segmentationNode(self) -> Any:
        return self._node


@stand_in
class qMRMLSegmentEditorWidget(qMRMLWidget):
    """The Segment Editor to be embedded; its effects are names without a deed, a test edits the segment itself."""

    currentSegmentIDChanged = Signal(str)
    segmentationNodeChanged = Signal(object)
    sourceVolumeNodeChanged = Signal(object)
    segmentationNodeSelectorVisible = option(bool, True)
    sourceVolumeNodeSelectorVisible = option(bool, True)
    maskingSectionVisible = option(bool, True)
    specifyGeometryButtonVisible = option(bool, True)
    show3DButtonVisible = option(bool, True)
    addRemoveSegmentButtonsVisible = option(bool, True)
    switchToSegmentationsButtonVisible = option(bool, True)
    autoShowSourceVolumeNode = option(bool, True)
    undoEnabled = option(bool, True)
    maximumNumberOfUndoStates = option(int, 10)
    readOnly = option(bool, False)
    effectColumnCount = option(int, 2)
    unorderedEffectsVisible = option(bool, True, "_fill")
    jumpToSelectedSegmentEnabled = option(bool, False)
    EFFECTS = ("Threshold", "Paint", "Draw", "Erase", "Level tracing", "Grow from seeds", "Fill between slices",
               "Margin", "Hollow", "Smoothing", "Scissors", "Islands", "Logical operators", "Mask volume")  # fmt: skip

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        QVBoxLayout(self).setContentsMargins(0, 0, 0, 0)
        self._editor_node = self._segmentation = self._volume = None
        self._order: list[str] = []
        self._active: str = ""
        self._undo: list[Any] = []
        self._segments = qMRMLSegmentsTableView()
        self._segments.setFixedHeight(90)
        self._effects = QLabel()
        self._effects.setWordWrap(True)
        for part in (self._segments, self._effects):
            self.layout().addWidget(part)
        self._fill()

    def _fill(self) -> None:
        names = self._order if not self.unorderedEffectsVisible else self.EFFECTS
        self._effects.setText("Effects: " + ", ".join(names))
        self._segments.setSegmentationNode(self._segmentation)

    def setMRMLSegmentEditorNode(self, node: Any) -> None:
        self._editor_node = node

    def mrmlSegmentEditorNode(self) -> Any:
        return self._editor_node

    def _store(self, name: str, value: Any) -> None:
        if self._editor_node is None:
            raise RuntimeError("the Segment Editor has no parameter node; call setMRMLSegmentEditorNode first")
        getattr(self._editor_node, name)(value)

    def setSegmentationNode(self, node: Any) -> None:
        self._store("SetAndObserveSegmentationNode", node)
        self._segmentation = node
        self._fill()
        self.segmentationNodeChanged.emit(node)

    def segmentationNode(self) -> Any:
        return self._segmentation

    def setSourceVolumeNode(self, node: Any) -> None:
        self._store("SetAndObserveSourceVolumeNode", node)
        self._volume = node
        self.sourceVolumeNodeChanged.emit(node)

    def sourceVolumeNode(self) -> Any:
        return self._volume

    def setCurrentSegmentID(self, segment: str) -> None:
        self._store("SetSelectedSegmentID", segment)
        self.currentSegmentIDChanged.emit(segment)

    def currentSegmentID(self) -> str:
        return (self._editor_node and self._editor_node.GetSelectedSegmentID()) or ""

    def setEffectNameOrder(self, names: list[str]) -> None:
        self._order = list(names)
        self._fill()

    def effectNameOrder(self) -> list[str]:
        return self._order

    def availableEffectNames(self) -> list[str]:
        return list(self.EFFECTS)

    def setActiveEffectByName(self, name: str) -> None:
        self._active = name

    def activeEffect(self) -> Any:
        return self._active or None

    def setActiveEffect(self, effect: Any) -> None:
        self._active = effect or ""

    def setupViewObservations(self) -> None:
        pass

    def removeViewObservations(self) -> None:
        pass

    def installKeyboardShortcuts(self, _parent: Any = None) -> None:
        pass

    def uninstallKeyboardShortcuts(self) -> None:
        pass

    def updateWidgetFromMRML(self) -> None:
        self._fill()

    def saveStateForUndo(self) -> None:
        copy = slicer.vtkSegmentation()
        copy.DeepCopy(self._segmentation.GetSegmentation())
        self._undo.append(copy)

    def undo(self) -> None:
        if self._undo:
            self._segmentation.GetSegmentation().DeepCopy(self._undo.pop())


@stand_in
class qSlicerScriptedLoadableModuleWidget(qMRMLWidget):
    """What Slicer puts a scripted module's panel into; ``self()`` is the module's own widget object."""

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
class qMRMLCollapsibleButton(_InScene, ctkCollapsibleButton):
    pass


@stand_in
class qMRMLSliderWidget(_InScene, ctkSliderWidget):
    quantity = option(str, "")
    unitAwareProperties = option(int, 0)


@stand_in
class qMRMLRangeWidget(_InScene, ctkRangeWidget):
    quantity = option(str, "")


@stand_in
class qMRMLSpinBox(_InScene, ctkDoubleSpinBox):
    quantity = option(str, "")


@stand_in
class qMRMLPlotView(_InScene, QWidget):
    """A plot view in a panel; what it draws is left to ``slicer_views``."""

    _view: Any = None

    def setMRMLPlotViewNode(self, node: Any) -> None:
        self._view = node

    def mrmlPlotViewNode(self) -> Any:
        return self._view

    def fitToContent(self) -> None:
        pass


def install() -> None:
    """Put the stand-ins into the module ``slicer``, as Slicer does."""
    for name, widget_class in STAND_INS.items():
        if name.startswith("q"):
            setattr(slicer, name, widget_class)
