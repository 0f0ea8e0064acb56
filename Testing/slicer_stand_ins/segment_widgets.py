"""Stand-ins for Slicer's widgets that show, choose or edit segments."""

from __future__ import annotations

from typing import Any

import slicer
from PySide6.QtCore import Property, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from slicer_stand_ins.mrml_widgets import qMRMLNodeComboBox
from slicer_stand_ins.pythonqt import option, stand_in
from slicer_stand_ins.scene_widget import InScene, qMRMLWidget


@stand_in
class qMRMLSegmentSelectorWidget(InScene, QWidget):
    """Combo boxes with the segmentations and the segments of the chosen one."""

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
        first = 1 if self.noneEnabled else 0  # Slicer chooses the first segment if the chosen one is not there
        self._box.setCurrentIndex(self._segments.index(chosen) if chosen in self._segments else first)
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
    """Observers of one object that are removed together."""

    def __init__(self, observed: Any, tags: list[int]) -> None:
        self._observed, self._tags = observed, tags

    def RemoveObserver(self, _tag: Any) -> None:
        for tag in self._tags:
            self._observed.RemoveObserver(tag)


@stand_in
class qMRMLSegmentsTableView(InScene, QTableWidget):
    """A table of the segments of a segmentation."""

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
class qMRMLSegmentationShow3DButton(InScene, QPushButton):
    """A button that creates or removes the surfaces of a segmentation."""

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
    """The embedded Segment Editor. Its effects are names only; a test edits the segment itself."""

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
