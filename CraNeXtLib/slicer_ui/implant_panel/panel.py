"""The panel of CraNeXtImplant: its sections and how they interact."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.core.errors import CraNeXtError
from CraNeXtLib.slicer_ui.environment.panel import EnvironmentPanel
from CraNeXtLib.slicer_ui.implant_panel.dicom_section import DicomSection
from CraNeXtLib.slicer_ui.implant_panel.edit_section import EditSection
from CraNeXtLib.slicer_ui.implant_panel.evaluate_section import EvaluateSection
from CraNeXtLib.slicer_ui.implant_panel.export_section import ExportSection
from CraNeXtLib.slicer_ui.implant_panel.finish_section import FinishSection
from CraNeXtLib.slicer_ui.implant_panel.input_section import InputSection
from CraNeXtLib.slicer_ui.implant_panel.model_section import ModelSection
from CraNeXtLib.slicer_ui.implant_panel.models_section import ModelsSection
from CraNeXtLib.slicer_ui.implant_panel.mold_section import MoldSection
from CraNeXtLib.slicer_ui.implant_panel.release_section import ReleaseSection
from CraNeXtLib.slicer_ui.implant_panel.result_section import ResultSection
from CraNeXtLib.slicer_ui.runs.implant_run import ImplantRun
from CraNeXtLib.slicer_ui.scene import sample_data, views
from CraNeXtLib.slicer_ui.scene.result_surfaces import IMPLANT_SURFACE
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.run_panel import RunPanel


class ImplantPanel:
    """Connects the widgets of the .ui file to the scene and the logic.

    Args:
        ui: The panel's widgets by name.
        logic: The module's logic.
    """

    def __init__(self, ui: Any, logic: Any) -> None:
        self._ui = ui
        self._logic = logic
        self._on_tour = False
        self._devices_known = False
        self.binding = ParameterBinding(logic.getParameterNode, ui, self._update)
        self.environment = EnvironmentPanel(examined=self._examined)
        ui.environmentFrame.layout().addWidget(self.environment.widget)
        self._input = InputSection(ui, self.binding)
        self.models = ModelSection(ui, self.binding, self.environment.ensure)
        self.making = RunPanel(
            _("M&ake implant"),
            tool_tip=_("Complete the skull and extract the implant. You can continue to use Slicer meanwhile."),
            name=_("making an implant"),
            ask=lambda: self.environment.ensure(*self.models.extras()),
            start=self._start,
            succeeded=self._made,
            ended=self._making_ended,
        )
        ui.applyFrame.layout().addWidget(self.making.widget)
        self.results = ResultSection(ui, self.binding)
        self.editing = EditSection(ui, self.binding, self.results)
        self.finishing = FinishSection(ui, self.binding, self.results)
        self.modeling = ModelsSection(ui, self.binding, self.results)
        self.evaluating = EvaluateSection(ui, self.binding, self.results)
        self.exporting = ExportSection(ui, self.binding, self.finishing.settings)
        self.molding = MoldSection(ui, self.binding, self.results, self.exporting)
        self.archiving = DicomSection(ui, self.binding, self.exporting, self.environment.ensure)
        self.releasing = ReleaseSection(ui, self.binding, self.exporting)
        ui.sampleButton.connect("clicked()", self._begin_tour)
        ui.advancedSection.connect("contentsCollapsed(bool)", self._find_devices)

    def enter(self) -> None:
        """Show the scene's parameters."""
        self.environment.refresh()
        self.binding.connect()

    def leave(self) -> None:
        """Release parameters and views; a run in progress continues."""
        self.binding.disconnect()
        self._input.hide_preview()
        self.editing.stop()

    def close(self) -> None:
        """Stop using the widgets, which are about to be deleted; a run in progress is canceled."""
        self.leave()
        self.making.close()
        for section in (self.models, *self._steps, self.environment):
            section.close()

    @property
    def _steps(self) -> tuple[Any, ...]:
        """The sections that do something with the result."""
        return (
            self.editing,
            self.finishing,
            self.modeling,
            self.molding,
            self.evaluating,
            self.exporting,
            self.archiving,
            self.releasing,
        )

    def _update(self) -> None:
        for section in (self._input, self.models, self.results, *self._steps):
            section.update()
        self.making.block(self._input.missing())

    def _find_devices(self, folded: bool) -> None:
        """Find out which device “Automatic” means, only when the choice is first shown because it takes seconds."""
        if not folded and not self._devices_known:
            self._devices_known = True
            self.environment.examine()

    def _examined(self, found: dict[str, Any]) -> None:
        self.models.name_device(found["devices"][0]["name"])

    def _start(self, **callbacks: Any) -> ImplantRun:
        parameters = self.binding.parameters
        return self._logic.process(
            parameters.inputNode,
            segmentId=parameters.segmentId or None,
            boneThreshold=parameters.boneThreshold,
            donorNode=None if parameters.quickPreview else parameters.donorNode,
            donorSegmentId=parameters.donorSegmentId or None,
            model=None if parameters.quickPreview else parameters.model,
            preview=parameters.quickPreview,
            device=parameters.device,
            postprocessing=parameters.postprocessing or None,
            defects=self.results.chosen_defects(parameters.inputNode),
            wait=False,
            **callbacks,
        )

    def _made(self, run: ImplantRun) -> None:
        parameters = self.binding.parameters
        parameters.showBone = False  # the preview would cover the result
        parameters.result, parameters.shownSurface = run.segmentation, IMPLANT_SURFACE
        if self.binding.connected:
            self.results.look()

    def _begin_tour(self) -> None:
        """Load the sample, make its implant, and compare it with the true implant."""
        if self.making.busy:
            return
        try:
            skull, reference = sample_data.load_sample()
        except CraNeXtError as error:
            self.making.message.show("error", str(error))
            return
        parameters = self.binding.parameters
        parameters.inputNode, parameters.referenceNode = skull, reference
        views.fit_slices()
        self._on_tour = True
        self.making.start()
        self._on_tour = self.making.busy

    def _making_ended(self, run: ImplantRun) -> None:
        if self._on_tour and run.description is not None:
            self._ui.evaluateSection.collapsed = False
            self.evaluating.comparing.start()
        self._on_tour = False
