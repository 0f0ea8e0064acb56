"""Settings of a training run, and trying them out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ctk

from CraNeXtLib.core.progress import duration
from CraNeXtLib.slicer_ui.runs.dry_run import DryRun
from CraNeXtLib.slicer_ui.runs.training_settings import TrainingSettings
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.control_names import with_control_names
from CraNeXtLib.slicer_ui.widgets.message_label import message_in
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.parameter_widgets import Choice, PathText
from CraNeXtLib.slicer_ui.widgets.run_panel import RunPanel
from CraNeXtLib.training.config import describe_preset, presets


class SettingsSection:
    """The section “Settings”.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
        ensure: Offers to install missing packages; returns whether a computation can start.
    """

    def __init__(self, ui: Any, binding: ParameterBinding, ensure: Callable[[], bool]) -> None:
        self._ui = ui
        self._binding = binding
        devices = {
            "": _("As in the preset"),
            "auto": _("Automatic"),
            "cpu": _("CPU"),
            "cuda": _("NVIDIA GPU"),
        }
        self._controls: list[Choice | PathText] = [
            Choice(ui.presetComboBox, binding, "preset", {name: name for name in _ordered_presets()}),
            Choice(ui.deviceComboBox, binding, "device", devices),
            PathText(ui.runsFolderEdit, binding, "runsFolder"),
            PathText(ui.configurationEdit, binding, "configuration"),
        ]
        ui.runsFolderEdit.filters = ctk.ctkPathLineEdit.Dirs
        ui.configurationEdit.nameFilters = [_("Configurations") + " (*.yaml *.yml)"]
        self.trying = RunPanel(
            _("&Try a few steps"),
            tool_tip=_("Run a few training steps to measure memory and time per epoch"),
            name=_("trying a few steps"),
            ask=ensure,
            start=lambda **callbacks: DryRun(self.settings(), self.run_folder() / "cache", **callbacks),
            succeeded=self._tried,
        )
        ui.trialFrame.layout().addWidget(self.trying.widget)
        self.message = message_in(ui.trialMessageFrame.layout())
        self._tried_settings: TrainingSettings | None = None

    def update(self, missing: str) -> None:
        """Show the chosen values.

        Args:
            missing: A sentence on what to do before the data set can be used; empty if it can be.
        """
        for control in self._controls:
            control.update()
        own = bool(self._binding.parameters.configuration)
        self._ui.presetComboBox.enabled = not own
        self._ui.presetNote.text = (
            _("The configuration file under “Advanced” replaces the preset.")
            if own
            else with_control_names(describe_preset(self._binding.parameters.preset))
        )
        self.trying.block(_("Choose a manifest under “Data set”.") if missing else "")
        if self.settings() != self._tried_settings:
            self.message.clear()

    def settings(self) -> TrainingSettings:
        """Return the settings of a new run."""
        parameters = self._binding.parameters
        return TrainingSettings(
            manifest=parameters.manifest,
            preset=parameters.preset,
            configuration=parameters.configuration,
            name=parameters.modelName,
            licence=parameters.licence,
            epochs=parameters.epochs,
            batch_size=parameters.batchSize,
            device=parameters.device,
        )

    def run_folder(self) -> Path:
        """Return the folder of a new run."""
        return Path(self.runs_folder()) / self._binding.parameters.modelName

    def runs_folder(self) -> str:
        """Return the parent folder of the runs' folders."""
        return self._binding.parameters.runsFolder or str(Path.home() / "CraNeXt training")

    def choose_defaults(self) -> None:
        """Fill in defaults that depend on the computer."""
        self._binding.parameters.runsFolder = self.runs_folder()

    def close(self) -> None:
        """Stop using the widgets, which are about to be deleted."""
        self.trying.close()

    def _tried(self, run: DryRun) -> None:
        cost = run.cost
        self._tried_settings = self.settings()
        text = _(
            "The training fits: it needs {memory:.1f} GB on {device}. A step takes {step:.2g} s, an epoch of {steps} "
            "steps with validation {epoch}, and the whole run {whole}."
        )
        self.message.show(
            "done",
            text.format(
                memory=cost["peak_memory_gb"],
                device=_device(cost),
                step=cost["seconds_per_step"],
                steps=cost["steps_per_epoch"],
                epoch=duration(cost["seconds_per_epoch"]),
                whole=duration(cost["hours"] * 3600),
            ),
        )


def _device(cost: dict[str, Any]) -> str:
    return {"cpu": _("the CPU"), "cuda": _("the GPU")}.get(cost["device"], cost["device"])


def _ordered_presets() -> list[str]:
    return sorted(presets(), key=lambda name: name != "default")
