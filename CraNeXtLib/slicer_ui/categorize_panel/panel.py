"""The panel of CraNeXtCategorize: its sections and how they interact."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.core.errors import CraNeXtError
from CraNeXtLib.slicer_ui.categorize_panel.input_section import InputSection
from CraNeXtLib.slicer_ui.categorize_panel.regions_section import RegionsSection
from CraNeXtLib.slicer_ui.environment.panel import EnvironmentPanel
from CraNeXtLib.slicer_ui.runs.categorization_run import CategorizationRun
from CraNeXtLib.slicer_ui.scene import sample_data, views
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.run_panel import RunPanel


class CategorizePanel:
    """Connects the widgets of the .ui file to the scene and the logic.

    Args:
        ui: The panel's widgets by name.
        logic: The module's logic.
    """

    def __init__(self, ui: Any, logic: Any) -> None:
        self._logic = logic
        self.binding = ParameterBinding(logic.getParameterNode, ui, self._update)
        self._input = InputSection(ui, self.binding)
        self.environment = EnvironmentPanel(("run",))
        self.dividing = RunPanel(
            _("Di&vide into regions"),
            tool_tip=_(
                "Register a template with eight regions to the skull. You can continue to use Slicer meanwhile."
            ),
            name=_("dividing a skull"),
            ask=lambda: self.environment.ensure(*self._input.extras()),
            start=self._start,
            succeeded=self._divided,
        )
        ui.applyFrame.layout().addWidget(self.dividing.widget)
        self.regions = RegionsSection(ui, self.binding)
        ui.environmentFrame.layout().addWidget(self.environment.widget)
        ui.sampleButton.connect("clicked()", self._try_sample)

    def enter(self) -> None:
        """Show the scene's parameters."""
        self.binding.connect()
        self.environment.refresh()

    def leave(self) -> None:
        """Release the parameters; a run in progress continues."""
        self.binding.disconnect()

    def close(self) -> None:
        """Stop using the widgets, which are about to be deleted; a run in progress is canceled."""
        self.leave()
        self.dividing.close()
        self.regions.close()
        self.environment.close()

    def _update(self) -> None:
        self._input.update()
        self.regions.update()
        self.dividing.block(self._input.missing())

    def _start(self, **callbacks: Any) -> CategorizationRun:
        node = self.binding.parameters.inputNode
        return self._logic.process(node, wait=False, **self._input.settings(), **callbacks)

    def _divided(self, run: CategorizationRun) -> None:
        self.binding.parameters.result = run.segmentation
        if self.binding.connected:
            self.regions.look()

    def _try_sample(self) -> None:
        """Load the sample skull and the bone cut out of it, and divide the skull."""
        if self.dividing.busy:
            return
        try:
            skull, implant = sample_data.load_sample()
        except CraNeXtError as error:
            self.dividing.message.show("error", str(error))
            return
        parameters = self.binding.parameters
        parameters.inputNode, parameters.implantNode = skull, implant
        views.fit_slices()
        self.dividing.start()
