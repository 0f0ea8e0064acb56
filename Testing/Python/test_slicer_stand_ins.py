"""The stand-ins behave like Slicer where a panel relies on it.

This does not prove: that PythonQt, CTK and Slicer's widgets behave like this, which was read in their sources.
"""

import enum
from pathlib import Path
from typing import Annotated

import pytest

pytest_plugins = ["slicer_stand_ins.pytest_plugin"]

MODULE = """
import slicer
from slicer.ScriptedLoadableModule import *
from slicer.util import VTKObservationMixin


class Example(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = "Example"


class ExampleWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.calls = []

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        widget = slicer.util.loadUI(self.resourcePath("UI/Example.ui"))
        self.layout.addWidget(widget)
        self.ui = slicer.util.childWidgetVariables(widget)
        widget.setMRMLScene(slicer.mrmlScene)
        self.ui.apply.connect("clicked(bool)", lambda on: self.calls.append("clicked"))

    def enter(self):
        self.calls.append("enter")

    def exit(self):
        self.calls.append("exit")

    def cleanup(self):
        self.removeObservers()
        self.calls.append("cleanup")


class ExampleLogic(ScriptedLoadableModuleLogic):
    pass
"""
UI = """<?xml version="1.0"?>
<ui version="4.0"><class>Example</class>
<widget class="qMRMLWidget" name="Example"><layout class="QVBoxLayout">
 <item><widget class="ctkCollapsibleButton" name="section"><property name="text"><string>Input</string></property>
  <layout class="QFormLayout"><item row="0" column="1"><widget class="qMRMLNodeComboBox" name="input">
    <property name="nodeTypes"><stringlist><string>vtkMRMLSegmentationNode</string></stringlist></property>
    <property name="SlicerParameterName" stdset="0"><string>skull</string></property>
  </widget></item>
  <item row="1" column="1"><widget class="ctkSliderWidget" name="limit">
    <property name="SlicerParameterName" stdset="0"><string>limit</string></property>
  </widget></item>
  <item row="2" column="1"><widget class="QComboBox" name="method">
    <property name="SlicerParameterName" stdset="0"><string>method</string></property>
  </widget></item></layout></widget></item>
 <item><widget class="QPushButton" name="apply"><property name="text"><string>Apply</string></property></widget></item>
</layout></widget>
<connections><connection><sender>Example</sender><signal>mrmlSceneChanged(vtkMRMLScene*)</signal>
<receiver>input</receiver><slot>setMRMLScene(vtkMRMLScene*)</slot></connection></connections></ui>
"""


class Method(enum.Enum):
    PLAIN = "plain"
    SMOOTH = "smooth"


@pytest.fixture
def example(scene, tmp_path, monkeypatch):  # noqa: ARG001
    from slicer_stand_ins import modules

    folder = tmp_path / "Example" / "Resources" / "UI"
    folder.mkdir(parents=True)
    (tmp_path / "Example" / "Example.py").write_text(MODULE)
    (folder / "Example.ui").write_text(UI)
    monkeypatch.syspath_prepend(str(tmp_path / "Example"))
    monkeypatch.delitem(__import__("sys").modules, "Example", raising=False)
    modules.register_module(tmp_path / "Example")
    widget = modules.open_panel("Example")
    yield widget
    if hasattr(__import__("slicer").modules, "ExampleWidget"):
        modules.close_panel("Example")


@pytest.fixture
def parameters(scene):
    import slicer
    from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper

    @parameterNodeWrapper
    class Parameters:
        skull: slicer.vtkMRMLSegmentationNode
        limit: Annotated[float, WithinRange(0, 10)] = 2.5
        method: Method = Method.SMOOTH
        name: str = "a"
        folder: Path
        on: bool = True

    return lambda: Parameters(
        scene.GetSingletonNode("Example", "vtkMRMLScriptedModuleNode") or scene.AddNode(_tagged(slicer))
    )


def _tagged(slicer):
    node = slicer.vtkMRMLScriptedModuleNode()
    node.SetSingletonTag("Example")
    return node


def test_properties_are_attributes_and_unknown_ones_are_refused(example):
    import qt

    button = example.ui.apply
    button.text = "Go"
    assert button.text == "Go"
    button.setText("Stop")
    assert (button.text, button.name, button.enabled) == ("Stop", "apply", True)
    with pytest.raises(AttributeError, match="QPushButton has no attribute txet"):
        button.txet = "Go"
    with pytest.raises(AttributeError, match="ctkSliderWidget has no attribute maxmum"):
        example.ui.limit.maxmum = 3
    assert example.ui.limit.maximum == 99
    fired = []
    qt.QTimer.singleShot(0, lambda: fired.append(1))
    qt.QApplication.processEvents()
    assert fired == [1]


def test_signals_pass_the_arguments_in_their_signature_and_unknown_ones_are_refused(example):
    button, received = example.ui.apply, []
    slot = lambda *arguments: received.append(arguments)  # noqa: E731
    button.connect("clicked()", slot)
    button.connect("clicked(bool)", slot)
    button.click()
    assert sorted(received) == [(), (False,)]
    button.disconnect("clicked()", slot)
    button.click()
    assert len(received) == 3
    with pytest.raises(ValueError, match="has no signal pressd"):
        button.connect("pressd()", slot)
    with pytest.raises(ValueError, match="has no signal clicked"):
        button.connect("clicked", slot)


def test_an_error_in_a_slot_is_not_lost(example):
    import slicer

    example.ui.apply.connect("clicked()", lambda: 1 / 0)
    example.ui.apply.click()
    (error,) = slicer.app.errors
    assert isinstance(error, ZeroDivisionError)
    slicer.app.errors.clear()


def test_a_panel_is_opened_reloaded_and_closed_as_in_slicer(example):
    import slicer

    assert example.calls == ["enter"]
    example.ui.apply.click()
    slicer.util.reloadScriptedModule("Example")
    assert example.calls == ["enter", "clicked", "cleanup"]
    again = slicer.modules.ExampleWidget
    assert again is not example
    again.ui.apply.click()
    from slicer_stand_ins import modules

    modules.close_panel("Example")
    assert again.calls == ["clicked", "exit", "cleanup"]


def test_choosing_a_node(example, scene):
    box, chosen = example.ui.input, []
    box.connect("currentNodeChanged(vtkMRMLNode*)", chosen.append)
    assert box.currentNode() is None
    first = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "First")
    assert box.currentNode() is first
    box.noneEnabled = True
    second = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Second")
    scene.AddNewNodeByClass("vtkMRMLModelNode", "No")
    assert box.nodeCount() == 2
    box.setCurrentNode(second)
    scene.RemoveNode(second)
    assert box.currentNode() is None
    assert chosen == [first, second, None]


def test_parameters_are_bound_both_ways_and_saved_with_the_scene(example, scene, parameters, tmp_path):
    import slicer

    skull = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Skull")
    wrapped, ui = parameters(), example.ui
    assert (wrapped.limit, wrapped.method, wrapped.name, wrapped.on) == (2.5, Method.SMOOTH, "a", True)
    tag = wrapped.connectGui(ui)
    assert (ui.limit.value, ui.limit.maximum, ui.method.currentText) == (2.5, 10, "SMOOTH")
    ui.limit.value, ui.method.currentIndex = 7, 0
    ui.input.setCurrentNode(skull)
    assert (wrapped.limit, wrapped.method, wrapped.skull) == (7, Method.PLAIN, skull)
    wrapped.limit, wrapped.skull = 3.0, None
    assert ui.limit.value == 3
    with pytest.raises(ValueError, match="11"):
        wrapped.limit = 11.0
    wrapped.skull, wrapped.folder = skull, Path("a/b")
    wrapped.disconnectGui(tag)
    ui.limit.value = 9
    assert wrapped.limit == 3

    bundle = str(tmp_path / "case.mrb")
    assert scene.WriteToMRB(bundle)
    scene.Clear(False)
    assert scene.ReadFromMRB(bundle)
    again = parameters()
    assert (again.limit, again.method, again.folder) == (3, Method.PLAIN, Path("a/b"))
    assert again.skull is slicer.util.getNode("Skull")


def test_a_layout_creates_its_views(main_window, scene):
    import slicer

    assert slicer.util.mainWindow() is main_window
    manager = slicer.app.layoutManager()
    assert sorted(manager.sliceViewNames()) == ["Green", "Red", "Yellow"]
    assert (manager.threeDViewCount, manager.plotViewCount) == (1, 0)
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotTableView)
    assert manager.plotWidget(0).mrmlPlotViewNode().GetScene() is scene
    red = manager.sliceWidget("Red")
    red.mrmlSliceNode().JumpSliceByCentering(1, 2, 3)
    assert red.sliceLogic().GetSliceOffset() == pytest.approx(3)
    assert red.mrmlSliceCompositeNode().GetLayoutName() == "Red"


def test_without_a_main_window_there_is_no_layout_manager(scene):  # noqa: ARG001
    import slicer

    assert slicer.util.mainWindow() is None
    assert slicer.app.layoutManager() is None
