"""Choice of the skull: a segment, a mask, a model, or a CT with a threshold that is previewed in the slices."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.slicer_ui.scene.implant_nodes import DEFECTIVE_SKULL
from CraNeXtLib.slicer_ui.scene.node_volumes import is_ct
from CraNeXtLib.slicer_ui.scene.threshold_preview import ThresholdPreview
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.segment_choice import SegmentChoice, reason_skull_unusable


class InputSection:
    """The upper part of the section “Skull”.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
    """

    def __init__(self, ui: Any, binding: ParameterBinding) -> None:
        self._ui = ui
        self._binding = binding
        self._segments = SegmentChoice(ui.segmentSelector, ui.segmentLabel, binding, "segmentId", DEFECTIVE_SKULL)
        self._donor_segments = SegmentChoice(
            ui.donorSegmentSelector, ui.donorSegmentLabel, binding, "donorSegmentId", DEFECTIVE_SKULL
        )
        self._preview = ThresholdPreview()
        self._known_ct: tuple[Any, int, bool] | None = None

    def update(self) -> None:
        """Show the controls for the chosen node, and the preview."""
        parameters = self._binding.parameters
        node = parameters.inputNode
        self._segments.update(node)
        self._donor_segments.update(parameters.donorNode)
        self._ui.donorSelector.enabled = not parameters.quickPreview
        ct = node is not None and self._is_ct(node)
        for widget in (
            self._ui.thresholdLabel,
            self._ui.thresholdSlider,
            self._ui.previewLabel,
            self._ui.previewCheckBox,
        ):
            widget.setVisible(ct)
        if ct and parameters.showBone:
            self._preview.show(node, parameters.boneThreshold)
        else:
            self._preview.hide()

    def hide_preview(self) -> None:
        """Remove the preview from the slices, because another module is opened."""
        self._preview.hide()

    def missing(self) -> str:
        """Return a sentence on what to do before an implant can be made; empty if it can be."""
        node = self._binding.parameters.inputNode
        donor = self._donor_segments.missing(self._binding.parameters.donorNode)
        return reason_skull_unusable(node) or self._segments.missing(node) or donor

    def _is_ct(self, node: Any) -> bool:
        image = node.GetImageData() if node.IsA("vtkMRMLVolumeNode") else None
        changed = 0 if image is None else image.GetMTime()
        if self._known_ct is None or self._known_ct[:2] != (node.GetID(), changed):
            self._known_ct = (node.GetID(), changed, is_ct(node))
        return self._known_ct[2]
