"""The panel of CraNeXtTraining: its sections and how they interact."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.slicer_ui.environment.panel import EnvironmentPanel
from CraNeXtLib.slicer_ui.training_panel.data_section import DataSection
from CraNeXtLib.slicer_ui.training_panel.model_section import ModelSection
from CraNeXtLib.slicer_ui.training_panel.run_section import RunSection
from CraNeXtLib.slicer_ui.training_panel.settings_section import SettingsSection
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding


class TrainingPanel:
    """Connects the widgets of the .ui file to the scene and to training runs.

    Args:
        ui: The panel's widgets by name.
        logic: The module's logic.
    """

    def __init__(self, ui: Any, logic: Any) -> None:
        self.binding = ParameterBinding(logic.getParameterNode, ui, self._update)
        self.environment = EnvironmentPanel(("run", "torch", "train"))
        ui.environmentFrame.layout().addWidget(self.environment.widget)
        ensure = self.environment.ensure
        self.data = DataSection(ui, self.binding, ensure)
        self.settings = SettingsSection(ui, self.binding, ensure)
        self.runs = RunSection(ui, self.binding, self.settings, ensure, self._run_changed)
        self.models = ModelSection(ui, self.binding, lambda: self.runs.run, self.settings.runs_folder, ensure)

    def enter(self) -> None:
        """Show the scene's parameters, and a run in progress."""
        self.environment.refresh()
        self.binding.connect()
        self.settings.choose_defaults()
        self.runs.find_running()

    def leave(self) -> None:
        """Release parameters and runs; the runs continue."""
        self.runs.leave()
        self.binding.disconnect()

    def close(self) -> None:
        """Stop using the widgets, which are about to be deleted; only training runs continue."""
        self.leave()
        for section in (self.data, self.settings, self.models, self.environment):
            section.close()

    def _update(self) -> None:
        missing = self.data.missing()
        self.data.update()
        self.settings.update(missing)
        self.runs.update(missing)
        self.models.update(missing)

    def _run_changed(self) -> None:
        if self.binding.connected:
            self.models.update(self.data.missing())
