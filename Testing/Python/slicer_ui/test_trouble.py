"""What can go wrong while a computation runs, in the panels of all modules: told in place, nothing lost, tried again.

This does not prove: what a real graphics card or a full disk says, whose errors are made up here; nor that Slicer's own
widgets behave as the stand-ins.
"""

import ast
import re
import tempfile
from pathlib import Path

import pytest
from slicer_stand_ins.events import wait_until
from slicer_stand_ins.nodes import leftovers, nodes
from slicer_ui.phantom_nodes import add_labelmap

import CraNeXtLib

pytest_plugins = [
    "slicer_stand_ins.pytest_plugin",
    "slicer_ui.implant_fixtures",
    "slicer_ui.region_fixtures",
    "slicer_ui.training_fixtures",
]

NAMES = ("CraNeXtImplant", "CraNeXtCategorize", "CraNeXtTraining")


class Panel:
    """A module's panel whose input is chosen, so that its first computation can be started.

    Args:
        widget: The module's widget.
        run: The button of the computation.
        choose: Chooses the input, again after the scene was closed; returns what deletes it.
        done: Tells whether the result is there.
    """

    def __init__(self, widget, run, choose, done):
        self.widget, self.run, self.choose, self.done = widget, run, choose, done
        self.delete_input = choose()

    def press(self):
        self.run.button.click()

    def wait(self):
        wait_until(lambda: not self.run.busy)


@pytest.fixture
def opened(panel, request):
    """Open a module's panel and choose its input; the worker answers with what was made beforehand."""

    def implant():
        head = request.getfixturevalue("phantom")
        widget = panel("CraNeXtImplant")
        return node_panel(widget, widget.panel.making, head.defective)

    def categorize():
        head = request.getfixturevalue("answer")(request.getfixturevalue("region_case")("upright"))
        widget = panel("CraNeXtCategorize")
        return node_panel(widget, widget.panel.dividing, head.skull)

    def node_panel(widget, run, skull):
        def choose():
            node = add_labelmap(skull)
            widget.ui.inputSelector.setCurrentNode(node)
            return lambda: node.GetScene().RemoveNode(node)

        return Panel(widget, run, choose, lambda: widget.logic.getParameterNode().result is not None)

    def training():
        request.getfixturevalue("canned")
        manifest = request.getfixturevalue("manifest")
        widget = panel("CraNeXtTraining")

        def choose():
            widget.ui.manifestEdit.currentPath = str(manifest)
            return manifest.unlink

        return Panel(widget, widget.panel.data.checking, choose, lambda: widget.logic.getParameterNode().problems)

    return lambda name: dict(zip(NAMES, (implant, categorize, training), strict=True))[name]()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        ("bad input", r"upside down; turn it|lists no cases"),
        ("crash", r"ended unexpectedly with status 139"),
        ("full disk", r"No space left on device"),
        ("package", r"lacks the package monai; install it under “Environment”, or choose another Python there"),
        ("memory", r"This computer is out of memory; close other programs"),
        ("gpu memory", r"graphics card is out of memory; .* choose cpu for “Device” under “Advanced”"),
    ],
)
def test_trouble_is_told_and_the_same_can_be_tried_again(opened, scene, monkeypatch, name, trouble, told):
    panel = opened(name)
    before = nodes(scene)
    monkeypatch.setenv("SIMULATED_FAILURE", trouble)
    panel.press()
    panel.wait()
    assert re.search(told, panel.run.message.text)
    assert not panel.done()
    assert nodes(scene) == before
    assert leftovers() == []
    monkeypatch.delenv("SIMULATED_FAILURE")
    panel.press()
    panel.wait()
    assert panel.run.message.text == ""
    assert panel.done()


@pytest.mark.parametrize("name", NAMES)
def test_the_worker_is_killed(opened, scene, monkeypatch, name):
    panel = opened(name)
    before = nodes(scene)
    monkeypatch.setenv("SIMULATED_FAILURE", "hang")
    panel.press()
    wait_until(lambda: panel.run.progress_bar.value == 500)
    panel.run._run._job._process.kill()
    panel.wait()
    assert "killed, probably for lack of memory; close other programs" in panel.run.message.text
    assert "“Model”" in panel.run.message.text
    assert panel.run.button.enabled
    assert nodes(scene) == before
    assert leftovers() == []


@pytest.mark.parametrize("name", NAMES)
def test_the_disk_is_full_before_anything_starts(opened, monkeypatch, name):
    panel = opened(name)

    def full(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "TemporaryDirectory", full)
        panel.press()
    assert "No space left on device. Free some space" in panel.run.message.text
    panel.press()
    panel.wait()
    assert panel.done()


@pytest.mark.parametrize("name", NAMES)
def test_the_input_is_deleted_in_the_middle(opened, name):
    panel = opened(name)
    panel.press()
    panel.delete_input()
    panel.wait()
    assert panel.run.message.text == ""
    assert panel.done()
    panel.widget.panel.binding.update()
    assert not panel.run.button.enabled
    assert panel.run.button.toolTip.startswith(("Choose a skull first", "There is no data set at"))


@pytest.mark.parametrize("name", NAMES)
def test_the_scene_is_closed_in_the_middle(opened, scene, monkeypatch, name):
    panel = opened(name)
    monkeypatch.setenv("SIMULATED_FAILURE", "hang")
    panel.press()
    scene.Clear(False)
    panel.wait()
    assert panel.run.message.text.startswith("Cancelled")
    assert not panel.run.button.enabled
    assert leftovers() == []
    monkeypatch.delenv("SIMULATED_FAILURE")
    panel.choose()
    panel.press()
    panel.wait()
    assert panel.done()


@pytest.mark.parametrize("name", NAMES)
def test_two_runs_at_once_are_refused_in_words(opened, monkeypatch, name):
    """In whichever modules they are."""
    monkeypatch.setenv("SIMULATED_FAILURE", "hang")
    first = opened("CraNeXtCategorize" if name == "CraNeXtImplant" else "CraNeXtImplant")
    first.press()
    first.widget.parent.exit()
    second = opened(name)
    second.press()
    assert not second.run.busy
    assert re.match(r"CraNeXt is still (making an implant|dividing a skull); wait", second.run.message.text)
    first.press()
    first.wait()
    monkeypatch.delenv("SIMULATED_FAILURE")
    second.press()
    second.wait()
    assert second.done()


@pytest.mark.parametrize("name", NAMES)
def test_the_panel_is_closed_in_the_middle(opened, scene, monkeypatch, name):
    panel = opened(name)
    before = nodes(scene)
    monkeypatch.setenv("SIMULATED_FAILURE", "hang")
    panel.press()
    run = panel.run._run
    panel.widget.parent.exit()
    panel.widget.cleanup()
    wait_until(lambda: run.finished)
    assert nodes(scene) == before
    assert leftovers() == []


@pytest.mark.usefixtures("application")
def test_messages_name_controls_instead_of_options():
    """Whatever a worker may say, the panels have a name of their own for every setting in it."""
    from CraNeXtLib.core.errors import rename_settings
    from CraNeXtLib.datasets.manifest import IN_A_MANIFEST
    from CraNeXtLib.slicer_ui.widgets.control_names import in_words_of_the_panels

    library = Path(CraNeXtLib.__file__).parent
    other_front_ends = {"cli", "experiments", "slicer_ui", "monai_bundle.py", "skull_input.py"}
    of_files = ("--series", "--orientation", "--print-config", "MODEL_CARD")  # Slicer reads scans itself
    found = []
    for file in library.rglob("*.py"):
        if other_front_ends & set(file.relative_to(library).parts):
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        documented = {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in documented:
                said = in_words_of_the_panels(rename_settings(node.value, IN_A_MANIFEST))
                if re.search(r"\S? --[a-z]|\(--[a-z]", said):
                    found.append(f"{file.name}: {said}")
    assert [text for text in found if not any(option in text for option in of_files)] == []
