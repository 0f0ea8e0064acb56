"""How a mold is made, as a panel's parameters say it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from CraNeXtLib.implant.mold.settings import MoldSettings
from CraNeXtLib.slicer_ui.runs.setting_parameters import SettingParameters

MOLD = SettingParameters(MoldSettings, before="mold")


def mold_settings(parameters: Any) -> dict[str, Any]:
    """Return ``settings`` and ``spring_form`` for :class:`CraNeXtLib.slicer_ui.runs.mold_run.MoldRun`.

    Args:
        parameters: The parameters of the panel, as attributes; an empty build volume sets no limit.

    Raises:
        InputError: If a direction or a size is not three numbers.
    """
    settings = MOLD.read(parameters)
    known = MoldSettings(**settings | {"build_mm": settings["build_mm"] or None})
    return {"settings": asdict(known), "spring_form": parameters.springForm}
