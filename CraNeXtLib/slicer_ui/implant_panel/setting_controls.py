"""Names of the controls of a finished part in messages, by the options and fields that the library names."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.slicer_ui.runs.finish_settings import FINISHING, FIXATION, SEGMENTS
from CraNeXtLib.slicer_ui.widgets.control_names import names_of_controls


def finishing_controls(ui: Any) -> dict[str, str]:
    """Return the names of the controls for a finished part, given the panel's widgets."""
    return names_of_controls(ui, {**FINISHING.names, **FIXATION.names, **SEGMENTS.names})
