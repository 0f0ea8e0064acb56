"""Stand-ins for the main window and the layout manager, with Slicer's real layout and slice logics.

A layout creates real view nodes. The views draw nothing; they count the calls they receive.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import slicer
import vtk
from PySide6.QtCore import Property, QObject, Signal
from PySide6.QtWidgets import QMainWindow, QWidget
from shiboken6 import isValid

from slicer_stand_ins.pythonqt import stand_in


class View(QWidget):
    """The view of a view node; ``asked`` counts the calls by name."""

    def __init__(self, node: Any) -> None:
        super().__init__()
        self._node = node
        self._asked: Counter[str] = Counter()

    @property
    def asked(self) -> Counter[str]:
        return self._asked

    def mrmlViewNode(self) -> Any:
        return self._node

    mrmlPlotViewNode = mrmlTableViewNode = mrmlSliceNode = mrmlViewNode

    def cameraNode(self) -> Any:
        camera = slicer.app.logics["Cameras"].GetViewActiveCameraNode(self._node)
        if camera is None:  # Slicer's 3D view creates its own camera
            camera = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLCameraNode")
            camera.SetLayoutName(self._node.GetLayoutName())
        return camera

    def resetFocalPoint(self) -> None:
        self._asked["resetFocalPoint"] += 1

    def resetCamera(self, *_what: bool) -> None:
        self._asked["resetCamera"] += 1

    def rotateToViewAxis(self, _axis: Any) -> None:
        self._asked["rotateToViewAxis"] += 1

    def fitToContent(self) -> None:
        self._asked["fitToContent"] += 1

    def forceRender(self) -> None:
        self._asked["forceRender"] += 1

    scheduleRender = forceRender


class ViewWidget(QWidget):
    """A view with its controller."""

    def __init__(self, node: Any, logic: Any = None) -> None:
        super().__init__()
        self._node, self._logic = node, logic
        self._view = _table_view(node) if node.IsA("vtkMRMLTableViewNode") else View(node)

    def view(self) -> Any:
        return self._view

    threeDView = plotView = tableView = sliceView = view

    def node(self) -> Any:
        return self._node

    mrmlViewNode = mrmlSliceNode = mrmlPlotViewNode = mrmlTableViewNode = node

    def sliceLogic(self) -> Any:
        return self._logic

    def mrmlSliceCompositeNode(self) -> Any:
        return self._logic.GetSliceCompositeNode(self._node)

    def fitSliceToBackground(self) -> None:
        self._logic.FitSliceToBackground()


def _table_view(node: Any) -> Any:
    """Return a view that shows the table chosen in a view node."""
    view = slicer.qMRMLTableView()

    def follow(*_event: Any) -> None:
        if isValid(view) and node.GetTableNode() is not view.mrmlTableNode():
            view.setMRMLTableNode(node.GetTableNode())

    node.AddObserver(vtk.vtkCommand.ModifiedEvent, follow)
    follow()
    return view


@stand_in
class qSlicerLayoutManager(QObject):
    """The views of a layout, whose nodes Slicer's layout logic creates."""

    layoutChanged = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._logic = slicer.vtkMRMLLayoutLogic()
        self._logic.SetMRMLApplicationLogic(slicer.app.logic)
        self._logic.SetMRMLScene(slicer.mrmlScene)
        self._widgets: dict[str, ViewWidget] = {}
        self.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView)

    def layoutLogic(self) -> Any:
        return self._logic

    def setLayout(self, layout: int) -> None:
        self._logic.GetLayoutNode().SetViewArrangement(layout)
        self.layoutChanged.emit(layout)

    layout = Property(int, lambda self: self._logic.GetLayoutNode().GetViewArrangement(), setLayout)

    def _views(self, kind: str) -> list[ViewWidget]:
        nodes = self._logic.GetViewNodes()
        found = [nodes.GetItemAsObject(i) for i in range(nodes.GetNumberOfItems())]
        return [self._widget(node) for node in found if node.IsA(kind)]

    def _widget(self, node: Any) -> ViewWidget:
        if node.GetID() not in self._widgets:
            logic = self._slice_logic(node) if node.IsA("vtkMRMLSliceNode") else None
            self._widgets[node.GetID()] = ViewWidget(node, logic)
        return self._widgets[node.GetID()]

    def _slice_logic(self, node: Any) -> Any:
        logic = slicer.vtkMRMLSliceLogic()
        logic.SetMRMLApplicationLogic(slicer.app.logic)
        logic.SetMRMLScene(slicer.mrmlScene)
        logic.SetSliceNode(node)
        slicer.app.logic.GetSliceLogics().AddItem(logic)
        return logic

    def sliceViewNames(self) -> list[str]:
        return [widget.node().GetLayoutName() for widget in self._views("vtkMRMLSliceNode")]

    def sliceWidget(self, name: str) -> Any:
        return next((w for w in self._views("vtkMRMLSliceNode") if w.node().GetLayoutName() == name), None)

    def _nth(self, kind: str, index: int) -> Any:
        views = self._views(kind)
        return views[index] if index < len(views) else None

    def threeDWidget(self, index: int) -> Any:
        return self._nth("vtkMRMLViewNode", index)

    def plotWidget(self, index: int) -> Any:
        return self._nth("vtkMRMLPlotViewNode", index)

    def tableWidget(self, index: int) -> Any:
        return self._nth("vtkMRMLTableViewNode", index)

    threeDViewCount = Property(int, lambda self: len(self._views("vtkMRMLViewNode")))
    plotViewCount = Property(int, lambda self: len(self._views("vtkMRMLPlotViewNode")))
    tableViewCount = Property(int, lambda self: len(self._views("vtkMRMLTableViewNode")))

    def mrmlSliceLogics(self) -> Any:
        return slicer.app.logic.GetSliceLogics()

    def resetSliceViews(self) -> None:
        for widget in self._views("vtkMRMLSliceNode"):
            widget.fitSliceToBackground()

    def resetThreeDViews(self) -> None:
        for widget in self._views("vtkMRMLViewNode"):
            widget.threeDView().resetFocalPoint()


class ModuleSelector:
    """Switches from one module's panel to another."""

    def __init__(self) -> None:
        self.selected = ""

    def selectModule(self, name: str) -> None:
        for module, step in ((self.selected, "exit"), (name, "enter")):
            representation = getattr(getattr(slicer.modules, module.lower(), None), "widgetRepresentation", None)
            if representation is not None:
                getattr(representation(), step)()
        self.selected = name


@stand_in
class qSlicerMainWindow(QMainWindow):
    """The part of Slicer's main window that ``slicer.util`` uses."""

    def __init__(self) -> None:
        super().__init__()
        self.objectName = "qSlicerMainWindow"
        self._selector = ModuleSelector()

    def moduleSelector(self) -> ModuleSelector:
        return self._selector
