"""What the sections about a result have in common: a run with its button, and what it gave, shown once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from CraNeXtLib.slicer_ui.implant_panel.result_section import ResultSection
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.run_panel import RunPanel


class StepSection:
    """Base class of a section that does something with the chosen result.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
        results: The section that shows the result, and places in it.
        frame: Gets the run's button.
        run: What the section does.
    """

    def __init__(self, ui: Any, binding: ParameterBinding, results: ResultSection, frame: Any, run: RunPanel) -> None:
        self._ui = ui
        self._binding = binding
        self._results = results
        self._run = run
        self._shown: Any = None
        frame.layout().addWidget(run.widget)

    def close(self) -> None:
        """Let go of the widgets before they are deleted."""
        self._run.close()

    def _show_once(self, what: Any, show: Callable[[], None]) -> None:
        """Show what the run gave unless it is shown already; None if there is nothing."""
        if what != self._shown:
            self._shown = what
            if what is not None:
                show()
