"""A button that starts a run and then cancels it, with progress and message, as state that every page shows.

The state is the server's, so a page that is reloaded during a run, or a second window, shows it too.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from CraNeXtLib.slicer_ui.runs.worker_run import WorkerRun
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.control_names import with_control_names
from CraNeXtLib.slicer_ui.widgets.run_outcome import duration, outcome_of, stage_text, still_working

CONTROLS = {
    "--segment": "“Segment or series”",
    "--series": "“Segment or series”",
    "give the folder that cranext mold wrote into": "press “Add the mold to the export”",
}
"""Controls that are called otherwise than in Slicer's panels."""


class Runs:
    """The run in progress, one at a time, since two would compete for memory."""

    def __init__(self) -> None:
        self.working: RunControl | None = None

    def cancel(self) -> None:
        """Stop the run in progress, if there is one."""
        if self.working is not None:
            self.working.cancel()


class RunControl:
    """The state of one kind of run; its keys begin with the control's name.

    Args:
        state: The state that pages share.
        runs: All kinds of runs.
        name: Name of the control, an identifier.
        work: Phrase that completes "CraNeXt is still …", for example ``"making an implant"``.
        start: Starts a run; called with the keywords ``progress`` and ``ended`` to pass on to it. It may raise.
        succeeded: Called with a run that has succeeded; returns the library's warnings, one sentence each.
        fields: Keys of the fields that the run reads, in the state.
        controls: Names of this section's controls in messages, by option or setting.
    """

    def __init__(
        self,
        state: Any,
        runs: Runs,
        name: str,
        work: str,
        *,
        start: Callable[..., WorkerRun],
        succeeded: Callable[[Any], Sequence[str]],
        fields: Iterable[str] = (),
        controls: Mapping[str, str] | None = None,
    ) -> None:
        self._controls = CONTROLS | dict(controls or {})
        self._state = state
        self._runs = runs
        self.name = name
        self.work = work
        self.fields = tuple(fields)
        self._start = start
        self._succeeded = succeeded
        self._run: WorkerRun | None = None
        self._began = 0.0
        self._asked: dict[str, Any] = {}
        if self.fields:
            state.change(*self.fields)(self._forget_error)
        self._show(busy=False, canceling=False, stage="", percent=0)
        self.say("", "")

    @property
    def busy(self) -> bool:
        """Whether a run is in progress."""
        return self._run is not None

    def press(self, filled_in: Mapping[str, Any] | None = None) -> None:
        """Start a run, or cancel the one in progress.

        Args:
            filled_in: What the page's fields said at the click, by key. It counts more than the state: while the page
                waits for an answer, trame keeps changes of fields back, but no clicks.
        """
        if self.busy:
            self.cancel()
            return
        filled_in = filled_in or {}
        self._state.update({key: filled_in[key] for key in self.fields if key in filled_in})
        self.start()

    def start(self) -> None:
        """Start a run, or say why it cannot start."""
        self.say("", "")
        self._show(stage="")  # of the last run
        if self._runs.working is not None:
            self.say("error", still_working(self._runs.working.work))
            return
        self._asked = self._filled_in()
        self._began = time.monotonic()
        try:
            self._run = self._start(progress=self._progress, ended=self._end)
        except Exception as error:
            self.fail(error)
            return
        self._runs.working = self
        self._show(busy=True, canceling=False, stage=_("Starting"), percent=0)
        self._run.follow()

    def cancel(self) -> None:
        """Stop the run, which may take seconds; the scene stays as it is."""
        if self._run is not None:
            self._run.cancel()
            self._show(canceling=True, stage=_("Canceling…"))

    def say(self, kind: str, text: str) -> None:
        """Show a message at the control: ``"error"``, ``"warning"``, ``"information"`` or ``"done"``."""
        self._show(kind={"information": "info", "done": "success"}.get(kind, kind), text=text)

    def clear(self) -> None:
        """Forget the last run, because its case is gone."""
        self._show(stage="")
        self.say("", "")

    def _forget_error(self, **_state: Any) -> None:
        """Forget an error when a field says something else than it did then."""
        if self._state[f"{self.name}_kind"] == "error" and self._filled_in() != self._asked:
            self.say("", "")

    def _filled_in(self) -> dict[str, Any]:
        return {key: self._state[key] for key in self.fields}

    def fail(self, error: Exception) -> None:
        """Show an error at the control, and print a bug."""
        kind, text, is_bug = outcome_of(error, self._controls)
        if is_bug:
            traceback.print_exception(error)
        self.say(kind, text)

    def _progress(self, stage: str, fraction: float) -> None:
        if not self._state[f"{self.name}_canceling"]:
            text = stage_text(stage, fraction, time.monotonic() - self._began)
            self._show(stage=text, percent=round(100 * fraction))

    def _end(self, run: WorkerRun) -> None:
        self._runs.working = self._run = None
        taken = _("Done in {time}.").format(time=duration(time.monotonic() - self._began))
        self._show(busy=False, canceling=False, stage="")
        try:
            run.raise_error()
            warnings = self._succeeded(run)
        except Exception as error:
            self.fail(error)
            if run.log and self._state[f"{self.name}_kind"] == "error":
                print(run.log)
            return
        self._show(stage=taken)
        if warnings:
            self.say("warning", with_control_names("\n".join(warnings), self._controls))

    def _show(self, **values: Any) -> None:
        self._state.update({f"{self.name}_{key}": value for key, value in values.items()})
