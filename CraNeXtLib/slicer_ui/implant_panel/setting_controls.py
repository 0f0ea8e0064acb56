"""Names of this panel's controls in messages, by the options and fields of settings that the library names."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.slicer_ui.runs.finish_settings import FINISHING, FIXATION, SEGMENTS
from CraNeXtLib.slicer_ui.runs.mold_settings import MOLD
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.control_names import names_of_controls


def finishing_controls(ui: Any) -> dict[str, str]:
    """Return the names of the controls for a finished part, given the panel's widgets."""
    return names_of_controls(ui, {**FINISHING.names, **FIXATION.names, **SEGMENTS.names}) | {
        "choose --joint gap": _("choose “Straight walls” under “Joint”"),
        "--segments": _("“Segments”"),
    }


def mold_controls(ui: Any) -> dict[str, str]:
    """Return the names of the controls for a mold, given the panel's widgets."""
    return names_of_controls(ui, MOLD.names) | {
        "--spring-form": _("“Spring form”"),
        "molded_part.stl": _("the molded part"),
    }
