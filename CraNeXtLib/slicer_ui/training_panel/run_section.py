"""Starting, monitoring, stopping and finding training runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
import slicer

from CraNeXtLib.core.errors import CraNeXtError
from CraNeXtLib.slicer_ui.runs.training_run import TrainingRun
from CraNeXtLib.slicer_ui.training_panel.settings_section import SettingsSection
from CraNeXtLib.slicer_ui.training_panel.training_plots import TrainingPlots
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.control_names import with_control_names
from CraNeXtLib.slicer_ui.widgets.message_label import message_in
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.training.runs.known_runs import known_runs, remember_run
from CraNeXtLib.training.runs.run_folder import RunState, read_state

_STEPS = 1000  # of the progress bar


class RunSection:
    """The section “Run”. It shows the run in the folder that the parameter ``runFolder`` names, if any.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
        settings: The section with the settings of a new run.
        ensure: Offers to install missing packages; returns whether training can start.
        changed: Called when the run has changed.
    """

    def __init__(
        self,
        ui: Any,
        binding: ParameterBinding,
        settings: SettingsSection,
        ensure: Callable[[], bool],
        changed: Callable[[], None],
    ) -> None:
        self._ui = ui
        self._binding = binding
        self._settings = settings
        self._ensure = ensure
        self._changed = changed
        self._missing = ""
        self._listed: list[tuple[str, str]] = []
        self.run: TrainingRun | None = None
        self._plots = TrainingPlots(binding)
        self.message = message_in(ui.runMessageFrame.layout())
        ui.runComboBox.connect("activated(int)", self._choose)
        ui.findButton.connect("clicked()", self._find)
        ui.startButton.connect("clicked()", self._start_or_stop)
        ui.resumeButton.connect("clicked()", self._resume)
        ui.curvesButton.connect("clicked()", self._show_curves)
        ui.folderButton.connect("clicked()", self._open_folder)
        ui.logGroup.connect("toggled(bool)", lambda _open: self._show_log())
        ui.progressBar.setVisible(False)

    def find_running(self) -> None:
        """Choose a run in progress if none is chosen: it was started before Slicer or the scene was closed."""
        if not self._binding.parameters.runFolder:
            running = [folder for folder in known_runs() if read_state(folder).is_active]
            if running:
                self._binding.parameters.runFolder = str(running[0])

    def update(self, missing: str) -> None:
        """Follow the chosen run.

        Args:
            missing: A sentence on what to do before a run can be started; empty if it can be.
        """
        self._missing = missing
        folder = self._binding.parameters.runFolder
        if folder != ("" if self.run is None else str(self.run.folder)):
            self.message.clear()
            self.leave()
            self.run = TrainingRun(folder, changed=self._show) if folder else None
            self._show()
        if self.run is not None:
            self.run.follow()
        self._list_runs()
        self._show_buttons()

    def leave(self) -> None:
        """Stop following the run, which continues."""
        if self.run is not None:
            self.run.unfollow()

    def _start_or_stop(self) -> None:
        self.message.clear()
        try:
            if self.run is not None and self.run.state.is_active:
                self.run.stop()
            elif self._ensure():
                run = TrainingRun(self._settings.run_folder(), changed=self._show)
                run.start(self._settings.settings())
                self._follow(run)
                self._plots.show(run)
        except CraNeXtError as error:
            self.message.show("error", with_control_names(str(error)))
        self._show_buttons()

    def _resume(self) -> None:
        self.message.clear()
        try:
            if self.run is not None and self._ensure():
                self.run.resume()
                self._follow(self.run)
        except CraNeXtError as error:
            self.message.show("error", with_control_names(str(error)))
        self._show_buttons()

    def _follow(self, run: TrainingRun) -> None:
        self.leave()
        self.run = run
        self._binding.parameters.runFolder = str(run.folder)
        run.follow()
        self._show()

    def _find(self) -> None:
        folder = qt.QFileDialog.getExistingDirectory(
            slicer.util.mainWindow(), _("Choose the folder of a training run"), self._settings.runs_folder()
        )
        if not folder:
            return
        if read_state(folder).status == "none":
            self.message.show(
                "error", _("There is no training run in {folder}. Choose the folder of a run.").format(folder=folder)
            )
            return
        remember_run(folder)
        self._binding.parameters.runFolder = str(Path(folder).absolute())

    def _choose(self, row: int) -> None:
        self._binding.parameters.runFolder = self._ui.runComboBox.itemData(row)

    def _list_runs(self) -> None:
        """Fill the list of runs, including the chosen one, if it has changed."""
        chosen = self._binding.parameters.runFolder
        folders = [str(folder) for folder in known_runs()]
        if chosen and chosen not in folders:
            folders.insert(0, chosen)
        listed = [("", _("New run")), *((folder, _title(folder)) for folder in folders)]
        box = self._ui.runComboBox
        if listed != self._listed:
            self._listed = listed
            box.clear()
            for folder, title in listed:
                box.addItem(title, folder)
                box.setItemData(box.count - 1, folder, qt.Qt.ToolTipRole)
        box.setCurrentIndex([folder for folder, _name in listed].index(chosen))

    def _show(self, _run: TrainingRun | None = None) -> None:
        """Show the state of the run."""
        run = self.run
        state = RunState() if run is None else run.state
        self._ui.progressBar.setVisible(state.status not in ("none", "done"))
        self._ui.progressBar.value = round(state.fraction * _STEPS)
        self._ui.stageLabel.text = _stage(state)
        if run is not None and state.status in ("failed", "lost"):
            kind = "error" if state.status == "failed" else "warning"
            self.message.show(kind, _failure(state), run.log)
        self._ui.bestLabel.text = _best(run)
        self._ui.bestLabel.setVisible(bool(self._ui.bestLabel.text))
        self._show_log()
        if run is not None:
            self._plots.update(run)
        self._list_runs()
        self._show_buttons()
        self._changed()

    def _show_buttons(self) -> None:
        state = RunState() if self.run is None else self.run.state
        button = self._ui.startButton
        if state.is_active:
            button.text = _("&Stop")
            button.toolTip = _("Stop after the current step. The last checkpoint is kept, and the run can be resumed.")
            button.enabled = state.status != "stopping"
        else:
            button.text = _("&Start training")
            button.toolTip = self._missing or _(
                "Train in the background with the settings above. You may close Slicer meanwhile."
            )
            button.enabled = not self._missing
        self._ui.resumeButton.setVisible(state.can_resume)
        self._ui.stageLabel.setVisible(bool(self._ui.stageLabel.text))
        for widget in (self._ui.curvesButton, self._ui.folderButton, self._ui.logGroup):
            widget.setVisible(state.status != "none")

    def _show_log(self) -> None:
        text = self._ui.logText
        if self.run is None or self._ui.logGroup.collapsed:
            return
        text.setPlainText(self.run.log)
        bar = text.verticalScrollBar()
        bar.setValue(bar.maximum)

    def _show_curves(self) -> None:
        if self.run is not None:
            self._plots.show(self.run)

    def _open_folder(self) -> None:
        if self.run is not None:
            qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(self.run.folder)))


def _title(folder: str) -> str:
    statuses = {
        "starting": _("running"),
        "running": _("running"),
        "stopping": _("stopping"),
        "done": _("done"),
        "stopped": _("stopped"),
        "failed": _("failed"),
        "lost": _("ended unexpectedly"),
        "none": _("deleted"),
    }
    return f"{Path(folder).name} – {statuses[read_state(folder).status]}"


def _stage(state: RunState) -> str:
    return {
        "none": "",
        "starting": _("Starting…"),
        "running": state.stage,
        "stopping": _("Stopping…"),
        "done": _("Done. The model is ready."),
        "stopped": _("Stopped. {stage}").format(stage=state.stage.split(",")[0]),
        "failed": "",
        "lost": "",
    }[state.status]


def _failure(state: RunState) -> str:
    if state.status == "lost":
        return _(
            "The run ended unexpectedly: it was killed, or the computer was shut down. Press “Resume” to continue it."
        )
    return with_control_names(state.message)


def _best(run: TrainingRun | None) -> str:
    """Return a sentence on the best epoch so far; empty if there is none."""
    scores = run.curves.get("implant-dsc") if run is not None else None
    if not scores:
        return ""
    epoch, score = max(scores, key=lambda item: item[1])
    return _("Best epoch: {epoch}, with an implant DSC of {score:.3f} on the validation cases.").format(
        epoch=epoch, score=score
    )
