"""Starting a training, following it, stopping it, and finding it again."""

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
from CraNeXtLib.slicer_ui.widgets.control_names import in_words_of_the_panels
from CraNeXtLib.slicer_ui.widgets.message_label import message_in
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.training.runs.known_runs import known_runs, remember_run
from CraNeXtLib.training.runs.run_folder import RunState, read_state

_STEPS = 1000  # of the progress bar


class RunSection:
    """The section Run. What it shows is the run in the folder that the parameter ``runFolder`` names, none if empty.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
        settings: Where a new run's settings come from.
        ensure: Asks to install what training needs and is missing; returns whether it can start.
        changed: Called when something about the run has changed.
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
        self._message = message_in(ui.runMessageFrame.layout())
        ui.runComboBox.connect("activated(int)", self._choose)
        ui.findButton.connect("clicked()", self._find)
        ui.startButton.connect("clicked()", self._start_or_stop)
        ui.resumeButton.connect("clicked()", self._resume)
        ui.curvesButton.connect("clicked()", self._show_curves)
        ui.folderButton.connect("clicked()", self._open_folder)
        ui.logGroup.connect("toggled(bool)", lambda _open: self._show_log())
        ui.progressBar.setVisible(False)

    def find_running(self) -> None:
        """Choose a run that goes on, if none is chosen: it was started before Slicer was closed, or the scene."""
        if not self._binding.parameters.runFolder:
            going_on = [folder for folder in known_runs() if read_state(folder).going_on]
            if going_on:
                self._binding.parameters.runFolder = str(going_on[0])

    def update(self, missing: str) -> None:
        """Follow the chosen run.

        Args:
            missing: What must be done before a run can be started, or nothing.
        """
        self._missing = missing
        folder = self._binding.parameters.runFolder
        if folder != ("" if self.run is None else str(self.run.folder)):
            self._message.clear()
            self.leave()
            self.run = TrainingRun(folder, changed=self._show) if folder else None
            self._show()
        if self.run is not None:
            self.run.follow()
        self._list_runs()
        self._show_buttons()

    def leave(self) -> None:
        """Look no longer; the run goes on."""
        if self.run is not None:
            self.run.unfollow()

    def _start_or_stop(self) -> None:
        self._message.clear()
        try:
            if self.run is not None and self.run.state.going_on:
                self.run.stop()
            elif self._ensure():
                run = TrainingRun(self._settings.run_folder(), changed=self._show)
                run.start(self._settings.settings())
                self._follow(run)
                self._plots.show(run)
        except CraNeXtError as error:
            self._message.show("error", in_words_of_the_panels(str(error)))
        self._show_buttons()

    def _resume(self) -> None:
        self._message.clear()
        try:
            if self._ensure():
                self.run.resume()
                self._follow(self.run)
        except CraNeXtError as error:
            self._message.show("error", in_words_of_the_panels(str(error)))
        self._show_buttons()

    def _follow(self, run: TrainingRun) -> None:
        self.leave()
        self.run = run
        self._binding.parameters.runFolder = str(run.folder)
        run.follow()
        self._show()

    def _find(self) -> None:
        folder = qt.QFileDialog.getExistingDirectory(
            slicer.util.mainWindow(), _("Folder of a training run"), self._settings.runs_folder()
        )
        if not folder:
            return
        if read_state(folder).status == "none":
            self._message.show("error", _("There is no training run in {folder}.").format(folder=folder))
            return
        remember_run(folder)
        self._binding.parameters.runFolder = str(Path(folder).absolute())

    def _choose(self, row: int) -> None:
        self._binding.parameters.runFolder = self._ui.runComboBox.itemData(row)

    def _list_runs(self) -> None:
        """Fill the list of runs, the chosen one included, if it has changed."""
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
        """Show how the run stands."""
        state = RunState() if self.run is None else self.run.state
        self._ui.progressBar.setVisible(state.status not in ("none", "done"))
        self._ui.progressBar.value = round(state.fraction * _STEPS)
        self._ui.stageLabel.text = _stage(state)
        if state.status in ("failed", "lost"):
            kind = "error" if state.status == "failed" else "warning"
            self._message.show(kind, _ended_badly(state), self.run.log)
        self._ui.bestLabel.text = _best(self.run)
        self._ui.bestLabel.setVisible(bool(self._ui.bestLabel.text))
        self._show_log()
        if self.run is not None:
            self._plots.update(self.run)
        self._list_runs()
        self._show_buttons()
        self._changed()

    def _show_buttons(self) -> None:
        state = RunState() if self.run is None else self.run.state
        button = self._ui.startButton
        if state.going_on:
            button.text = _("&Stop")
            button.toolTip = _("Stop after this step; the last checkpoint is kept, and the run can be resumed")
            button.enabled = state.status != "stopping"
        else:
            button.text = _("&Start training")
            button.toolTip = self._missing or _("Train in the background with the settings above; Slicer may be closed")
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
        self._plots.show(self.run)

    def _open_folder(self) -> None:
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(self.run.folder)))


def _title(folder: str) -> str:
    words = {
        "starting": _("running"),
        "running": _("running"),
        "stopping": _("stopping"),
        "done": _("done"),
        "stopped": _("stopped"),
        "failed": _("failed"),
        "lost": _("ended unexpectedly"),
        "none": _("gone"),
    }
    return f"{Path(folder).name} – {words[read_state(folder).status]}"


def _stage(state: RunState) -> str:
    return {
        "none": "",
        "starting": _("Starting…"),
        "running": state.stage,
        "stopping": _("Stopping…"),
        "done": _("Done: the model is ready."),
        "stopped": _("Stopped. {stage}").format(stage=state.stage.split(",")[0]),
        "failed": "",
        "lost": "",
    }[state.status]


def _ended_badly(state: RunState) -> str:
    if state.status == "lost":
        return _("The run ended unexpectedly: it was killed, or the computer was switched off. Resume it.")
    return in_words_of_the_panels(state.message)


def _best(run: TrainingRun | None) -> str:
    """Return which epoch was the best so far."""
    scores = run.curves.get("implant-dsc") if run is not None else None
    if not scores:
        return ""
    epoch, score = max(scores, key=lambda item: item[1])
    return _("Best epoch: {epoch}, implant DSC {score:.3f} on the validation cases.").format(epoch=epoch, score=score)
