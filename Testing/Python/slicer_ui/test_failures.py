"""Failures during a computation in the panels of all modules: shown in the panel, nothing lost, can be repeated.

This does not prove: how a real graphics card or a full disk fails, whose errors are simulated here; nor that Slicer's
own widgets behave like the stand-ins.
"""

import re
import tempfile

import pytest
from slicer_stand_ins.events import wait_until
from slicer_stand_ins.nodes import leftovers, nodes
from slicer_ui.phantom_nodes import add_labelmap

pytest_plugins = [
    "slicer_stand_ins.pytest_plugin",
    "slicer_ui.implant_fixtures",
    "slicer_ui.region_fixtures",
    "slicer_ui.training_fixtures",
]

NAMES = ("CraNeXtImplant", "CraNeXtCategorize", "CraNeXtTraining")


class Panel:
    """A module's panel with a chosen input, ready to start its first computation.

    Args:
        widget: The module's widget.
        run: The button of the computation.
        choose: Chooses the input; returns a function that deletes it.
        done: Returns whether the result exists.
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
    """Open a module's panel and choose its input; the worker returns a canned result."""

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
    ("failure", "shown"),
    [
        ("bad input", r"upside down; turn it|lists no cases"),
        ("crash", r"ended unexpectedly with status 139"),
        ("full disk", r"No space left on device"),
        (
            "package",
            r"needs monai, .*; install it under “Environment”, or choose another Python there",
        ),
        ("memory", r"This computer is out of memory; close other programs"),
        ("gpu memory", r"graphics card is out of memory; .* choose cpu for “Device” under “Advanced”"),
    ],
)
def test_a_failure_is_shown_and_the_run_can_be_repeated(opened, scene, monkeypatch, name, failure, shown):
    panel = opened(name)
    before = nodes(scene)
    monkeypatch.setenv("SIMULATED_FAILURE", failure)
    panel.press()
    panel.wait()
    assert re.search(shown, panel.run.message.text)
    assert not panel.done()
    assert nodes(scene) == before
    assert leftovers() == []
    monkeypatch.delenv("SIMULATED_FAILURE")
    panel.press()
    panel.wait()
    assert panel.run.message.text == ""
    assert panel.done()


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_worker_is_reported(opened, scene, monkeypatch, name):
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
def test_a_full_disk_prevents_the_start(opened, monkeypatch, name):
    panel = opened(name)

    def full(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "TemporaryDirectory", full)
        panel.press()
    assert "No space left on device. Free some disk space" in panel.run.message.text
    panel.press()
    panel.wait()
    assert panel.done()


@pytest.mark.parametrize("name", NAMES)
def test_the_input_may_be_deleted_during_a_run(opened, name):
    panel = opened(name)
    panel.press()
    panel.delete_input()
    panel.wait()
    assert panel.run.message.text == ""
    assert panel.done()
    panel.widget.panel.binding.update()
    assert not panel.run.button.enabled
    assert panel.run.button.toolTip.startswith(("Choose a skull under", "There is no file"))


@pytest.mark.parametrize("name", NAMES)
def test_closing_the_scene_cancels_the_run(opened, scene, monkeypatch, name):
    panel = opened(name)
    monkeypatch.setenv("SIMULATED_FAILURE", "hang")
    panel.press()
    scene.Clear(False)
    panel.wait()
    assert panel.run.message.text.startswith("Canceled")
    assert not panel.run.button.enabled
    assert leftovers() == []
    monkeypatch.delenv("SIMULATED_FAILURE")
    panel.choose()
    panel.press()
    panel.wait()
    assert panel.done()


@pytest.mark.parametrize("name", NAMES)
def test_a_second_run_is_refused_with_a_message(opened, monkeypatch, name):
    """In any two modules."""
    monkeypatch.setenv("SIMULATED_FAILURE", "hang")
    first = opened("CraNeXtCategorize" if name == "CraNeXtImplant" else "CraNeXtImplant")
    first.press()
    first.widget.parent.exit()
    second = opened(name)
    second.press()
    assert not second.run.busy
    assert re.match(r"CraNeXt is still (making an implant|dividing a skull)\. Wait", second.run.message.text)
    first.press()
    first.wait()
    monkeypatch.delenv("SIMULATED_FAILURE")
    second.press()
    second.wait()
    assert second.done()


@pytest.mark.parametrize("name", NAMES)
def test_closing_the_panel_cancels_the_run(opened, scene, monkeypatch, name):
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
