"""Choice of the skull, and of the implant or defect to be located."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.slicer_ui.scene.implant_nodes import DEFECTIVE_SKULL, IMPLANT
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.parameter_widgets import Choice
from CraNeXtLib.slicer_ui.widgets.segment_choice import SegmentChoice, reason_skull_unusable


class InputSection:
    """The section “Skull”.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
    """

    def __init__(self, ui: Any, binding: ParameterBinding) -> None:
        self._binding = binding
        self._skull = SegmentChoice(ui.segmentSelector, ui.segmentLabel, binding, "segmentId", DEFECTIVE_SKULL)
        self._implant = SegmentChoice(
            ui.implantSegmentSelector, ui.implantSegmentLabel, binding, "implantSegmentId", IMPLANT
        )
        methods = {"default": _("Nearest region (recommended)"), "official": _("As in the published code")}
        self._method = Choice(ui.methodComboBox, binding, "method", methods)

    def update(self) -> None:
        """Show the chosen values, and the segments of the chosen nodes."""
        parameters = self._binding.parameters
        self._skull.update(parameters.inputNode)
        self._implant.update(parameters.implantNode)
        self._method.update()

    def missing(self) -> str:
        """Return a sentence on what to do before the skull can be divided; empty if it can be."""
        parameters = self._binding.parameters
        return (
            reason_skull_unusable(parameters.inputNode)
            or self._skull.missing(parameters.inputNode)
            or self._implant.missing(parameters.implantNode)
        )

    def extras(self) -> tuple[str, ...]:
        """Return the lists of packages that the chosen method needs."""
        return ("ants",) if self._binding.parameters.method == "official" else ()

    def settings(self) -> dict[str, Any]:
        """Return the keyword arguments for the logic's ``process``."""
        parameters = self._binding.parameters
        return {
            "segmentId": self._skull.segment_id(parameters.inputNode),
            "implantNode": parameters.implantNode,
            "implantSegmentId": self._implant.segment_id(parameters.implantNode),
            "method": parameters.method,
        }
