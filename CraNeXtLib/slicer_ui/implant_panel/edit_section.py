"""Editing the implant with Slicer's Segment Editor or in another program, reverting it, and measuring it again."""

from __future__ import annotations

from typing import Any

import slicer

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.slicer_ui.implant_panel.result_section import ResultSection
from CraNeXtLib.slicer_ui.implant_panel.step_section import StepSection
from CraNeXtLib.slicer_ui.runs.implant_files_run import ImplantFilesRun
from CraNeXtLib.slicer_ui.scene.implant_edits import revert
from CraNeXtLib.slicer_ui.scene.implant_nodes import IMPLANT
from CraNeXtLib.slicer_ui.scene.result_references import is_result
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.run_panel import RunPanel
from CraNeXtLib.slicer_ui.widgets.segment_choice import SegmentChoice

EFFECTS = ("Paint", "Draw", "Erase", "Scissors", "Islands", "Smoothing", "Margin", "Logical operators")
"""Names of the editor effects that are useful for an implant, in the order of their buttons."""

_UNDO_STATES = 20
_EDITOR_TAG = "CraNeXtImplantEditor"


class EditSection(StepSection):
    """The section “Edit”; the editor is created when the section is first expanded.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
        results: The section that shows the result.
    """

    def __init__(self, ui: Any, binding: ParameterBinding, results: ResultSection) -> None:
        self.measuring = RunPanel(
            _("Meas&ure again"),
            tool_tip=_("Update surface and measurements of the edited implant"),
            name=_("measuring an implant"),
            start=lambda **callbacks: ImplantFilesRun(binding.parameters.result, **callbacks),
            succeeded=lambda _run: binding.update(),
        )
        super().__init__(ui, binding, results, ui.measureFrame, self.measuring)
        self.taking_over = RunPanel(
            _("Take over"),
            tool_tip=_("Replace the implant by the one that was edited elsewhere, and measure it"),
            name=_("measuring an implant"),
            start=self._take_over,
            succeeded=lambda _run: binding.update(),
        )
        ui.takeOverFrame.layout().addWidget(self.taking_over.widget)
        self._segments = SegmentChoice(ui.editedSegmentSelector, ui.editedSegmentLabel, binding, "editedSegmentId")
        self._editor: Any = None
        self._edited: Any = None
        ui.editSection.connect("contentsCollapsed(bool)", lambda _folded: self.update())
        ui.revertButton.connect("clicked()", self._revert)

    def update(self) -> None:
        """Connect the editor to the chosen result's implant while the section is expanded."""
        result: Any = self._binding.parameters.result if self._binding.connected else None
        usable = is_result(result) and result.GetSegmentation().GetSegment(IMPLANT) is not None
        self._ui.revertButton.enabled = usable
        self._segments.update(self._binding.parameters.editedNode)
        self.measuring.block("" if usable else _("Press “Make implant” first."))
        self.taking_over.block(self._missing(usable=usable))
        if usable and not self._ui.editSection.collapsed:
            self._edit(result)
        else:
            self.stop()

    def stop(self) -> None:
        """Disconnect the editor, because the section is collapsed or another module is opened."""
        if self._editor is None or self._edited is None:
            return
        self._editor.setActiveEffect(None)
        self._editor.uninstallKeyboardShortcuts()
        self._editor.removeViewObservations()
        self._edited = None
        self._editor.setSegmentationNode(None)
        self._results.set_editing(False)

    def close(self) -> None:
        """Stop using the widgets, which are about to be deleted."""
        self.stop()
        self.taking_over.close()
        super().close()

    def _edit(self, result: Any) -> None:
        if self._edited is result:
            return
        self.stop()
        if self._editor is None:
            self._editor = self._new_editor()
        self._editor.setMRMLSegmentEditorNode(_editor_node(result.GetScene()))
        self._editor.setSegmentationNode(result)
        role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
        self._editor.setSourceVolumeNode(_image(result.GetNodeReference(role)))
        self._editor.setCurrentSegmentID(IMPLANT)
        self._editor.setupViewObservations()
        self._editor.installKeyboardShortcuts(self._ui.editSection)
        self._edited = result
        self._results.set_editing(True)

    def _new_editor(self) -> Any:
        editor = slicer.qMRMLSegmentEditorWidget()
        editor.setMRMLScene(slicer.mrmlScene)
        editor.setMaximumNumberOfUndoStates(_UNDO_STATES)
        editor.setEffectNameOrder(EFFECTS)
        editor.unorderedEffectsVisible = False
        editor.segmentationNodeSelectorVisible = False
        editor.sourceVolumeNodeSelectorVisible = False
        editor.switchToSegmentationsButtonVisible = False
        editor.addRemoveSegmentButtonsVisible = False
        self._ui.editorFrame.layout().addWidget(editor)
        return editor

    def _missing(self, *, usable: bool) -> str:
        """Return a sentence on what to do before an edited implant can be taken over; empty if it can be."""
        if not usable:
            return _("Press “Make implant” first.")
        node = self._binding.parameters.editedNode
        return _("Choose a node under “Edited elsewhere”.") if node is None else self._segments.missing(node)

    def _take_over(self, **callbacks: Any) -> ImplantFilesRun:
        parameters = self._binding.parameters
        node = parameters.editedNode
        run = ImplantFilesRun(parameters.result, implant=(node, self._segments.segment_id(node)), **callbacks)
        self._save_for_undo(parameters.result)
        return run

    def _save_for_undo(self, result: Any) -> None:
        if self._editor is not None and self._edited is result:
            self._editor.saveStateForUndo()

    def _revert(self) -> None:
        result = self._binding.parameters.result
        try:
            self._save_for_undo(result)
            revert(result)
        except InputError as error:
            self.measuring.message.show("error", str(error))
            return
        self.measuring.message.show("information", _("The model's implant is restored. Press “Measure again”."))


def _editor_node(scene: Any) -> Any:
    """Return the parameter node of the embedded editor, which protects the skull's bone from being overwritten."""
    node = scene.GetSingletonNode(_EDITOR_TAG, "vtkMRMLSegmentEditorNode")
    if node is None:
        node = slicer.vtkMRMLSegmentEditorNode()
        node.SetSingletonTag(_EDITOR_TAG)
        node = scene.AddNode(node)
    node.SetMaskMode(slicer.vtkMRMLSegmentationNode.EditAllowedOutsideVisibleSegments)
    node.SetOverwriteMode(slicer.vtkMRMLSegmentEditorNode.OverwriteNone)
    return node


def _image(node: Any) -> Any:
    """Return the image for effects that depend on intensities, None if the reference is a mask."""
    return None if node is None or node.IsA("vtkMRMLLabelMapVolumeNode") else node
