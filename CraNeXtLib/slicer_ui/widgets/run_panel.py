"""A button that starts a computation and then cancels it, with its progress and error messages."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import qt

from CraNeXtLib.slicer_ui.runs.worker_run import WorkerRun
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.control_names import with_control_names
from CraNeXtLib.slicer_ui.widgets.message_label import MessageLabel
from CraNeXtLib.slicer_ui.widgets.run_outcome import duration, outcome_of, stage_text, still_working

_STEPS = 1000  # of the progress bar
_working: list[RunPanel] = []  # the panel that asks its question or whose run is in progress, in any module


class RunPanel:
    """A button, a progress bar and a message for one kind of run; add ``widget`` to a layout.

    Only one run is in progress at a time in all panels, since two would compete for memory.

    Args:
        text: Text of the button with a mnemonic, for example ``"&Make implant"``.
        tool_tip: Tool tip of the button while it is enabled.
        name: Phrase that completes "CraNeXt is still …", for example ``"making an implant"``.
        start: Starts a run; called with the keywords ``progress`` and ``ended`` to pass on to it. It may raise.
        succeeded: Called with a run that has succeeded.
        ended: Called with a run that has ended in any way, after ``succeeded``.
        ask: Called first, for example to ask the user for a file; returns False to start nothing.
        controls: Names of controls for settings in messages that differ from those of other panels.
    """

    def __init__(
        self,
        text: str,
        *,
        tool_tip: str,
        name: str,
        start: Callable[..., WorkerRun],
        succeeded: Callable[[Any], None],
        ended: Callable[[Any], None] | None = None,
        ask: Callable[[], bool] | None = None,
        controls: Mapping[str, str] | None = None,
    ) -> None:
        self._texts = {False: text, True: _("&Cancel")}
        self._tool_tip = tool_tip
        self._name = name
        self._ask = ask
        self._controls = controls
        self._start = start
        self._succeeded = succeeded
        self._ended = ended
        self._run: WorkerRun | None = None
        self._began = 0.0
        self._blocked = ""
        self._closed = False
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.button = qt.QPushButton()
        self.button.connect("clicked()", self.press)
        self.progress_bar = qt.QProgressBar()
        self.progress_bar.setRange(0, _STEPS)
        self.progress_bar.toolTip = _("Progress of the whole computation")
        self.stage_label = qt.QLabel()
        self.stage_label.wordWrap = True
        self.message = MessageLabel()
        for widget in (self.button, self.progress_bar, self.stage_label, self.message.widget):
            layout.addWidget(widget)
        self._show_state()

    @property
    def busy(self) -> bool:
        """Whether a run is in progress."""
        return self._run is not None

    def block(self, reason: str) -> None:
        """Disable the button and show the reason, a sentence on what to do; an empty reason enables it."""
        if reason != self._blocked:
            self._blocked = reason
            self._show_state()

    def press(self) -> None:
        """Start a run, or cancel the one in progress."""
        if self.busy:
            self.cancel()
        elif not self._blocked:
            self.start()

    def start(self) -> None:
        """Start a run, or show why it cannot start."""
        self.message.clear()
        self.stage_label.text = ""  # of the last run
        if _working:
            self.message.show("error", still_working(_working[0]._name))
            return
        _working.append(self)
        try:
            if self._ask is None or self._ask():  # a dialog, during which other panels may be used
                self._begin()
        finally:
            if self._run is None:
                _working.remove(self)

    def _begin(self) -> None:
        """Start the run, unless the panel was closed meanwhile."""
        if self._closed:
            return
        qt.QApplication.setOverrideCursor(qt.QCursor(qt.Qt.WaitCursor))
        try:
            self._run = self._start(progress=self._show_progress, ended=self._end)
        except Exception as error:
            self._show_error(error, traceback.format_exc())
            return
        finally:
            qt.QApplication.restoreOverrideCursor()
        self._began = time.monotonic()
        self._show_state()
        self._show_progress(_("Starting"), 0.0)
        self._run.follow()

    def cancel(self) -> None:
        """Stop the run, which may take seconds; the scene stays as it is."""
        if self._run is not None:
            self._run.cancel()
            self.button.enabled = False
            self.stage_label.text = _("Canceling…")

    def tell(self, outcome: str = "", warnings: Sequence[str] = ()) -> None:
        """Show what a run that has succeeded came to, and its warnings, in which settings are named by their controls.

        Args:
            outcome: What was made, one or a few sentences; empty if the panel shows it.
            warnings: The library's warnings, one sentence each.
        """
        told = [with_control_names(warning, self._controls) for warning in warnings]
        if outcome or told:
            self.message.show("warning" if told else "done", "\n".join([*([outcome] if outcome else []), *told]))

    def close(self) -> None:
        """Stop using the widgets, which are about to be deleted; a run in progress is canceled and cleans up."""
        self._closed = True
        if self._run is not None:
            self._run.cancel()
            _working.remove(self)
            self._run = None

    def _show_progress(self, stage: str, fraction: float) -> None:
        if self._closed or not self.button.enabled:
            return
        self.progress_bar.value = round(fraction * _STEPS)
        self.stage_label.text = stage_text(stage, fraction, time.monotonic() - self._began)

    def _end(self, run: WorkerRun) -> None:
        if self._closed:
            return
        _working.remove(self)
        self._run = None
        self._show_state()
        try:
            run.raise_error()
            self._succeeded(run)
        except Exception as error:
            self._show_error(error, run.log or traceback.format_exc())
        else:
            seconds = time.monotonic() - self._began
            self.stage_label.text = _("Done in {time}.").format(time=duration(seconds))
        if self._ended is not None:
            self._ended(run)

    def _show_error(self, error: Exception, details: str) -> None:
        kind, text, is_bug = outcome_of(error, self._controls)
        self.message.show(kind, text, details if is_bug else "")

    def _show_state(self) -> None:
        self.button.text = self._texts[self.busy]
        self.button.toolTip = (
            _("Stop the computation; the scene stays as it is") if self.busy else self._blocked or self._tool_tip
        )
        self.button.enabled = self.busy or not self._blocked
        self.progress_bar.setVisible(self.busy)
        self.stage_label.text = "" if self.busy else self._blocked


def work_in_progress() -> str:
    """Return what the run in progress in any panel does, as a phrase after "CraNeXt is still"; empty without one."""
    return next((panel._name for panel in _working if panel.busy), "")
