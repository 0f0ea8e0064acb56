"""Base class of the sections with a run: its button, and its progress."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.run_panel import RunPanel


class RunSection:
    """Base class of a section with a run.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
        frame: Receives the run's button.
        run: The button and progress of the section's run.
    """

    def __init__(self, ui: Any, binding: ParameterBinding, frame: Any, run: RunPanel) -> None:
        self._ui = ui
        self._binding = binding
        self._run = run
        frame.layout().addWidget(run.widget)

    def close(self) -> None:
        """Stop using the widgets, which are about to be deleted."""
        self._run.close()
