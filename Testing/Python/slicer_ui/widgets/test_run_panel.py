"""The button that starts and cancels a run: progress, time left, failures, and competing runs.

This does not prove: how it looks in Slicer, or that PythonQt accepts every call that PySide6 accepts.
"""

import pytest
from slicer_stand_ins.events import wait_until
from slicer_stand_ins.nodes import leftovers, nodes
from slicer_ui.phantom_nodes import add_labelmap

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.progress import seconds_left

pytest_plugins = ["slicer_stand_ins.pytest_plugin", "slicer_ui.implant_fixtures"]


@pytest.fixture
def run_panel(logic):
    """Create panels that make an implant for a node; all are closed after the test."""
    from CraNeXtLib.slicer_ui.widgets.run_panel import RunPanel

    made = []

    def make(node, **options):
        done = []
        panel = RunPanel(
            "&Make",
            tool_tip="Make it",
            name="making an implant",
            start=lambda **callbacks: logic.process(node, wait=False, **callbacks),
            succeeded=done.append,
            **options,
        )
        panel.done = done
        made.append(panel)
        panel.widget.show()
        return panel

    yield make
    for panel in made:
        panel.close()


def test_the_warnings_of_a_success_name_controls(run_panel):
    panel = run_panel(None, controls={"--wall-mm": "“Mold wall”"})
    panel.tell()
    assert panel.message.widget.isHidden()
    panel.tell("The mold is there.", ["Its wall is thin; give more --wall-mm.", "Look at --defects 2."])
    assert panel.message.text == "The mold is there.\nIts wall is thin; give more “Mold wall”.\nLook at “Defects” 2."


def test_progress_with_stage_and_percent_then_the_result(run_panel, phantom):
    ended = []
    panel = run_panel(add_labelmap(phantom.defective), ended=ended.append)
    show, seen = panel._show_progress, set()

    def note(stage, fraction):
        show(stage, fraction)
        seen.add((panel.stage_label.text, panel.progress_bar.value))

    panel._show_progress = note
    assert (panel.button.text, panel.button.toolTip, panel.progress_bar.isHidden()) == ("&Make", "Make it", True)
    panel.button.click()
    assert panel.busy
    assert panel.button.text == "&Cancel"
    assert not panel.progress_bar.isHidden()
    wait_until(lambda: not panel.busy)
    assert ("Starting", 0) in seen
    assert {stage.split(" · ")[0] for stage, value in seen if value == 500} == {"Reconstructing"}
    assert panel.done == ended
    assert panel.done[0].segmentation is not None
    assert panel.button.text == "&Make"
    assert panel.progress_bar.isHidden()
    assert panel.stage_label.text.startswith("Done in ")
    assert panel.message.widget.isHidden()


def test_canceling(run_panel, phantom, scene, monkeypatch):
    monkeypatch.setenv("SIMULATED_FAILURE", "hang")
    panel = run_panel(add_labelmap(phantom.defective))
    before = nodes(scene)
    panel.button.click()
    wait_until(lambda: "Reconstructing" in panel.stage_label.text)
    assert panel.progress_bar.value == 500
    panel.button.click()
    assert not panel.button.enabled  # a second click would do nothing
    assert panel.stage_label.text == "Canceling…"
    wait_until(lambda: not panel.busy)
    assert panel.message.text == "Canceled. The scene is unchanged."
    assert panel.button.enabled
    assert panel.done == []
    assert nodes(scene) == before
    assert leftovers() == []


@pytest.mark.parametrize(
    ("failure", "message", "details"),
    [
        ("bad input", "The skull is upside down; turn it.", False),
        ("nothing missing", "There is no implant to make.\nMuch of the bone is no skull.", False),
        ("crash", "The computation ended unexpectedly with status 139: no message", True),
    ],
)
def test_a_failure_is_shown_in_the_panel(run_panel, phantom, monkeypatch, failure, message, details):
    monkeypatch.setenv("SIMULATED_FAILURE", failure)
    panel = run_panel(add_labelmap(phantom.defective))
    panel.button.click()
    wait_until(lambda: not panel.busy)
    assert panel.message.text == message
    assert not panel.message.widget.isHidden()
    assert panel.message._copy.isHidden() != details
    monkeypatch.delenv("SIMULATED_FAILURE")
    panel.button.click()
    assert panel.message.widget.isHidden()  # the message was about the previous run
    wait_until(lambda: panel.done)


def test_a_worker_killed_for_lack_of_memory(run_panel, phantom, monkeypatch):
    monkeypatch.setenv("SIMULATED_FAILURE", "hang")
    panel = run_panel(add_labelmap(phantom.defective))
    panel.button.click()
    wait_until(lambda: "Reconstructing" in panel.stage_label.text)
    panel._run._job._process.kill()
    wait_until(lambda: not panel.busy)
    assert "killed, probably for lack of memory; close other programs" in panel.message.text
    assert leftovers() == []


def test_a_failed_start_is_shown(run_panel, phantom, monkeypatch):
    panel = run_panel(None)
    panel.button.click()
    assert panel.message.text.startswith("Choose a segmentation")
    assert not panel.busy

    def full(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    panel = run_panel(add_labelmap(phantom.defective))
    monkeypatch.setattr("tempfile.TemporaryDirectory", full)
    panel.stage_label.text = "Done in 1 s."  # of an earlier run
    panel.button.click()
    assert panel.stage_label.text == ""
    assert "No space left on device. Free some disk space" in panel.message.text
    assert not panel.busy


def test_the_disk_fills_up_while_the_worker_writes(run_panel, phantom, monkeypatch):
    monkeypatch.setenv("SIMULATED_FAILURE", "full disk")
    panel = run_panel(add_labelmap(phantom.defective))
    panel.button.click()
    wait_until(lambda: not panel.busy)
    assert "No space left on device" in panel.message.text
    assert leftovers() == []


def test_a_second_run_is_refused_with_a_message(run_panel, phantom, monkeypatch):
    monkeypatch.setenv("SIMULATED_FAILURE", "hang")
    node = add_labelmap(phantom.defective)
    first, second = run_panel(node), run_panel(node)
    first.button.click()
    second.button.click()
    assert not second.busy
    assert second.message.text.startswith("CraNeXt is still making an implant. Wait")
    first.button.click()
    wait_until(lambda: not first.busy)
    monkeypatch.delenv("SIMULATED_FAILURE")
    second.button.click()
    wait_until(lambda: second.done)


def test_a_panel_that_still_asks_keeps_others_from_starting(run_panel, phantom):
    node, answers = add_labelmap(phantom.defective), [True, False]
    second = run_panel(node)

    def ask():
        second.button.click()
        assert second.message.text.startswith("CraNeXt is still making an implant. Wait")
        first.button.click()
        assert first.message.text.startswith("CraNeXt is still making an implant. Wait")
        return answers.pop()

    first = run_panel(node, ask=ask)
    first.button.click()
    assert not first.busy
    assert not second.busy
    first.button.click()
    assert first.busy
    wait_until(lambda: first.done)
    second.button.click()
    wait_until(lambda: second.done)


def test_a_panel_closed_while_it_asks_starts_nothing(run_panel, phantom):
    node = add_labelmap(phantom.defective)
    panel = run_panel(node, ask=lambda: panel.close() or True)
    panel.button.click()
    assert not panel.busy
    other = run_panel(node)
    other.button.click()
    wait_until(lambda: other.done)


def test_a_blocked_button_shows_the_reason(run_panel, phantom):
    panel = run_panel(add_labelmap(phantom.defective))
    panel.block("Choose a skull first.")
    assert not panel.button.enabled
    assert panel.button.toolTip == panel.stage_label.text == "Choose a skull first."
    panel.press()
    assert not panel.busy
    panel.block("")
    assert panel.button.enabled
    assert panel.stage_label.text == ""


def test_a_user_who_changes_their_mind_starts_nothing(run_panel, phantom):
    panel = run_panel(add_labelmap(phantom.defective), ask=lambda: False)
    panel.button.click()
    assert not panel.busy
    assert panel.message.widget.isHidden()


def test_closing_the_panel_cancels_and_touches_no_widget(run_panel, phantom, monkeypatch, scene):
    monkeypatch.setenv("SIMULATED_FAILURE", "hang")
    node = add_labelmap(phantom.defective)
    panel = run_panel(node)
    before = nodes(scene)
    panel.button.click()
    run = panel._run
    panel.close()
    panel.widget.delete()
    wait_until(lambda: run.finished)
    assert nodes(scene) == before
    assert leftovers() == []
    monkeypatch.delenv("SIMULATED_FAILURE")
    other = run_panel(node)
    other.button.click()
    wait_until(lambda: other.done)


def test_an_error_after_the_run_is_shown_too(run_panel, phantom):
    def fail(_run):
        raise InputError("The result does not please.")

    panel = run_panel(add_labelmap(phantom.defective))
    panel._succeeded = fail
    panel.button.click()
    wait_until(lambda: not panel.busy)
    assert panel.message.text == "The result does not please."


def test_time_left():
    assert seconds_left(0.04, 60) is None
    assert seconds_left(0.5, 1) is None
    assert seconds_left(0.25, 30) == pytest.approx(90)
    assert seconds_left(1.0, 30) == 0


@pytest.mark.usefixtures("application")
def test_durations_for_display():
    from CraNeXtLib.slicer_ui.widgets.run_outcome import duration

    assert [duration(seconds) for seconds in (0.2, 7.6, 43, 89, 600, 3 * 3600 + 125)] == [
        "1 s",
        "8 s",
        "45 s",
        "90 s",
        "10 min",
        "3 h 2 min",
    ]
