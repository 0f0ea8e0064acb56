"""The state of a run that every window shows."""

import pytest

from CraNeXtLib.core.errors import InputError, NoImplantError
from CraNeXtLib.slicer_ui.browser_app.run_control import RunControl, Runs


class FakeState(dict):
    """A state that calls, when told to, what is to be called for a change."""

    def change(self, *_keys):
        return lambda call: self.setdefault("calls", []).append(call)

    def flush(self):
        for call in self["calls"]:
            call()


class FakeRun:
    """A run that ends when the test says so."""

    log = ""

    def __init__(self, progress, ended):
        self.progress, self._ended = progress, ended
        self.error, self.followed, self.cancelled = None, False, False

    def follow(self):
        self.followed = True

    def cancel(self):
        self.cancelled = True

    def raise_error(self):
        if self.error:
            raise self.error

    def end(self, error=None):
        self.error = error
        self._ended(self)


@pytest.fixture
def runs():
    return Runs()


@pytest.fixture
def control(runs):
    state, started = {}, []

    def start(**callbacks):
        started.append(FakeRun(**callbacks))
        return started[-1]

    made = RunControl(state, runs, "make", "making an implant", start=start, succeeded=lambda _run: ["Look at it."])
    made.state, made.started = state, started
    return made


def test_progress_and_the_end_are_told(control, runs):
    control.press()
    (run,) = control.started
    assert run.followed
    assert (control.state["make_busy"], control.state["make_stage"], runs.working) == (True, "Starting", control)
    run.progress("Completing the skull", 0.42)
    assert (control.state["make_percent"], control.state["make_stage"]) == (42, "Completing the skull")
    run.end()
    assert (control.state["make_busy"], runs.working) == (False, None)
    assert (control.state["make_kind"], control.state["make_text"]) == ("warning", "Look at it.")
    assert control.state["make_stage"].startswith("Done in ")


def test_a_second_press_cancels_and_progress_no_longer_shows(control):
    control.press()
    control.press()
    (run,) = control.started
    assert run.cancelled
    run.progress("Completing the skull", 0.5)
    assert (control.state["make_canceling"], control.state["make_stage"]) == (True, "Canceling…")


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (InputError("Set --device to cpu."), "error", "Set “Device” under “Advanced” to cpu."),
        (InputError("Choose one with --segment."), "error", "Choose one with “Segment or series”."),
        (NoImplantError("There is no defect."), "info", "There is no defect."),
        (NoImplantError("There is no defect.", warnings=["Look."]), "warning", "There is no defect.\nLook."),
        (RuntimeError("It broke."), "error", "It broke."),
    ],
)
def test_a_failure_is_told_at_the_control(control, runs, error, kind, text):
    control.press()
    control.started[0].end(error)
    assert (control.state["make_kind"], control.state["make_text"], runs.working) == (kind, text, None)


def test_what_the_fields_say_at_the_click_counts_and_nothing_else_is_taken(runs):
    state, seen = FakeState(limit_mm="1", material="PEEK"), []

    def start(**callbacks):
        seen.append(state["limit_mm"])
        return FakeRun(**callbacks)

    control = RunControl(state, runs, "make", "making", start=start, succeeded=str, fields=["limit_mm", "material"])
    control.press({"limit_mm": "2", "has_result": True})
    assert seen == ["2"]
    assert state["material"] == "PEEK"
    assert "has_result" not in state


def test_an_error_is_forgotten_when_a_field_changes_and_not_before(runs):
    def refuse(**_callbacks):
        raise InputError("“Limit [mm]” must be a number, not “2x”.")

    state = FakeState(limit_mm="1")
    control = RunControl(state, runs, "make", "making", start=refuse, succeeded=str, fields=["limit_mm"])
    control.press({"limit_mm": "2x"})
    state.flush()  # what the click itself has changed
    assert state["make_text"] == "“Limit [mm]” must be a number, not “2x”."
    state["limit_mm"] = "2"
    state.flush()
    assert state["make_text"] == ""
    control.say("warning", "The rim is thin.")
    state["limit_mm"] = "3"
    state.flush()
    assert state["make_text"] == "The rim is thin."


def test_what_cannot_start_says_so_and_leaves_the_way_free(runs):
    def refuse(**_callbacks):
        raise InputError("Open a skull first.")

    state = {}
    control = RunControl(state, runs, "make", "making an implant", start=refuse, succeeded=str)
    control.press()
    assert (state["make_text"], state["make_busy"], runs.working) == ("Open a skull first.", False, None)


def test_only_one_run_is_in_progress(control, runs):
    control.press()
    other = RunControl(control.state, runs, "finish", "finishing", start=None, succeeded=str)
    other.press()
    assert control.state["finish_text"].startswith("CraNeXt is still making an implant.")
    control.started[0].end()
    assert runs.working is None


def test_a_new_case_shows_nothing_of_the_last_run(runs):
    state, started = {}, []

    def start(**callbacks):
        started.append(FakeRun(**callbacks))
        return started[-1]

    control = RunControl(state, runs, "make", "making", start=start, succeeded=lambda _run: ["Look at the rim."])
    control.start()
    started[0].end()
    assert state["make_stage"].startswith("Done in")
    assert state["make_text"] == "Look at the rim."
    control.clear()
    assert (state["make_stage"], state["make_text"]) == ("", "")
