"""Common properties of all panels: life cycle, tool tips, keyboard access, and translation.

This does not prove: that Slicer's own widgets can be reached by keyboard, nor that Slicer finds translations.
"""

import ast
import re
import runpy
import sys
import unittest
import xml.etree.ElementTree as ET

import pytest
from repository import REPOSITORY

from CraNeXtLib import RESEARCH_USE_NOTICE

MODULES = sorted(file.parents[2].name for file in REPOSITORY.glob("CraNeXt*/Resources/UI/*.ui"))
LIBRARY = sorted((REPOSITORY / "CraNeXtLib" / "slicer_ui").rglob("*.py"))

pytest_plugins = ["slicer_stand_ins.pytest_plugin"]
every_module = pytest.mark.parametrize("name", MODULES)


def ui_file(name):
    return ET.parse(REPOSITORY / name / "Resources" / "UI" / f"{name}.ui").getroot()


@every_module
def test_it_shows_the_research_use_notice(panel, name):
    assert panel(name).ui.noticeLabel.text == RESEARCH_USE_NOTICE


@every_module
def test_it_opens_without_a_main_window_and_closes_without_a_trace(panel, scene, name):
    widget = panel(name)
    before = {node.GetID() for node in (scene.GetNthNode(i) for i in range(scene.GetNumberOfNodes()))}
    for _ in range(2):
        widget.parent.exit()
        widget.parent.enter()
    assert {node.GetID() for node in (scene.GetNthNode(i) for i in range(scene.GetNumberOfNodes()))} == before
    widget.cleanup()
    assert not widget.Observations


@every_module
def test_scenes_can_be_closed_and_loaded(panel, scene, name, tmp_path):
    widget = panel(name)
    bundle = str(tmp_path / "empty.mrb")
    assert scene.WriteToMRB(bundle)
    for _ in range(2):
        scene.Clear(False)
        assert scene.ReadFromMRB(bundle)
    widget.parent.exit()
    scene.Clear(False)
    widget.parent.enter()


@pytest.fixture
def restored_library():
    """After a reload, restore the library that other tests have imported."""

    def ours():
        return {n: m for n, m in sys.modules.items() if n.partition(".")[0] in ("CraNeXtLib", *MODULES)}

    before = ours()
    yield
    for name in ours():
        del sys.modules[name]
    sys.modules.update(before)


@every_module
def test_it_can_be_reloaded_twice(restored_library, panel, name):  # noqa: ARG001
    import slicer

    panel(name)
    for _ in range(2):
        before = getattr(slicer.modules, f"{name}Widget")
        before.onReload()
        after = getattr(slicer.modules, f"{name}Widget")
        assert type(after) is not type(before)
        after.parent.exit()
        after.parent.enter()


@every_module
def test_every_control_has_a_tool_tip_and_can_be_reached_by_keyboard(panel, name):
    """Including collapsed controls and those created in code."""
    import qt

    controls = controls_of(panel(name))
    assert len(controls) > 15
    silent = [titled(control) for control in controls if not control.toolTip]
    unreachable = [
        titled(control)
        for control in controls
        if not isinstance(control, qt.QProgressBar)
        and all(part.focusPolicy == qt.Qt.NoFocus for part in (control, *control.findChildren(qt.QWidget)))
    ]
    assert (silent, unreachable) == ([], [])


def controls_of(widget):
    """Return all controls that a user can operate or read a value from; compound controls count as one."""
    import qt

    kinds = (qt.QAbstractButton, qt.QComboBox, qt.QLineEdit, qt.QAbstractSpinBox, qt.QSlider, qt.QTableView)
    found = {}
    for control in widget.parent.findChildren(qt.QWidget):
        if isinstance(control, (*kinds, qt.QPlainTextEdit, qt.QProgressBar)):
            while is_made_of_parts(control.parent()):
                control = control.parent()
            found[id(control)] = control
    return list(found.values())


def is_made_of_parts(widget):
    """Return whether a widget is one control although it contains others."""
    kind = type(widget).__name__
    if "Collapsible" in kind or kind == "qMRMLWidget":
        return False
    return kind.startswith(
        ("ctk", "qMRML", "QComboBox", "QSpinBox", "QDoubleSpinBox", "QTable", "QHeader", "QPlainText")
    )


def titled(control):
    return control.name or getattr(control, "text", "") or type(control).__name__


@every_module
def test_every_label_with_a_key_has_a_control(name):
    root = ui_file(name)
    for label in root.iter("widget"):
        properties = {p.get("name"): "".join(p.itertext()).strip() for p in label.findall("property")}
        if "&" in properties.get("text", "") and label.get("class") == "QLabel":
            assert root.find(f".//widget[@name='{properties['buddy']}']") is not None, label.get("name")


@every_module
def test_parameters_and_scene_reach_the_widgets(load_module, name):
    """Each SlicerParameterName is a parameter, and each widget that shows nodes receives the scene."""
    module, _ = load_module(name)
    root = ui_file(name)
    parameters = {p for p in vars(getattr(module, f"{name}ParameterNode")) if not p.startswith("_")}
    for widget in root.iter("widget"):
        bound = widget.find("property[@name='SlicerParameterName']")
        assert bound is None or "".join(bound.itertext()).strip() in parameters, widget.get("name")
    with_scene = {c.findtext("receiver") for c in root.iter("connection") if "mrmlSceneChanged" in c.findtext("signal")}
    showing = {w.get("name") for w in root.iter("widget") if w.get("class") in ("qMRMLNodeComboBox", "qMRMLTableView")}
    assert showing <= with_scene


@every_module
def test_no_two_controls_share_a_key(panel, name):
    """Alt and a letter is unique among the visible controls."""
    import qt

    widget = panel(name)
    keys = {}
    for kind in (qt.QPushButton, qt.QCheckBox, qt.QLabel):
        for control in widget.parent.findChildren(kind):
            found = re.search(r"&(\w)", control.text or "")
            if found and control.isVisibleTo(widget.parent):
                keys.setdefault(found[1].lower(), []).append(control.text)
    assert {key: texts for key, texts in keys.items() if len(texts) > 1} == {}


@pytest.mark.usefixtures("application")
def test_one_command_runs_all_tests_in_slicer_and_its_exit_status_says_whether_they_passed(monkeypatch):
    import slicer

    class Stub(unittest.TestCase):
        def passes(self):
            pass

        def fails(self):
            raise AssertionError

    left, folder = [], REPOSITORY / "Testing" / "Slicer"
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(slicer.util, "exit", left.append)
    found = unittest.TestLoader().discover(str(folder))
    assert found.countTestCases() == len(list(folder.glob("test_*.py"))) == len(MODULES)
    for names, status in ((["passes"], 0), (["passes", "fails"], 1), ([], 1)):
        tests = unittest.TestSuite(map(Stub, names))
        monkeypatch.setattr(unittest.TestLoader, "discover", lambda _loader, _folder, tests=tests: tests)
        runpy.run_path(str(folder / "run_all.py"))
        assert left.pop() == status
    assert {str(REPOSITORY / name) for name in MODULES} <= set(sys.path)


@pytest.mark.parametrize("file", LIBRARY, ids=lambda file: file.stem)
def test_texts_are_translated(file):
    """Every text passed to a widget or a message goes through _()."""
    shown = {"setText", "setToolTip", "setTitle", "setWindowTitle", "addItems", "QPushButton", "QLabel", "QCheckBox"}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        texts = []
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in shown:
            texts = node.args
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "attr", "") in ("text", "toolTip", "title"):
            texts = [node.value]
        for text in texts:
            plain = isinstance(text, ast.Constant) and isinstance(text.value, str) and re.search(r"\w{2}", text.value)
            assert not plain, f"{file.name}:{text.lineno} {text.value!r}"
