"""Base class of the sections that process the chosen result: a run with its button, and its outcome."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from CraNeXtLib.slicer_ui.implant_panel.result_section import ResultSection
from CraNeXtLib.slicer_ui.implant_panel.run_section import RunSection
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.run_panel import RunPanel


class StepSection(RunSection):
    """Base class of a section that processes the chosen result.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
        results: The section that shows the result.
        frame: Receives the run's button.
        run: The button and progress of the section's run.
    """

    def __init__(self, ui: Any, binding: ParameterBinding, results: ResultSection, frame: Any, run: RunPanel) -> None:
        super().__init__(ui, binding, frame, run)
        self._results = results
        self._shown: Any = None

    def _show_once(self, what: Any, show: Callable[[], None]) -> None:
        """Show the outcome of the run, identified by ``what``, unless it is shown already; None if there is none."""
        if what != self._shown:
            self._shown = what
            if what is not None:
                show()
