"""How a part is finished, as a panel's parameters say it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from CraNeXtLib.implant.finishing import FinishSettings, FixationSettings
from CraNeXtLib.implant.finishing.segment_settings import SegmentSettings
from CraNeXtLib.implant.fit.fit_limits import FitLimits
from CraNeXtLib.slicer_ui.runs.setting_parameters import SettingParameters

FINISHING = SettingParameters(FinishSettings, without=("fixation", "segments"))
FIXATION = SettingParameters(FixationSettings)
SEGMENTS = SettingParameters(SegmentSettings, before="segment")
LIMITS = SettingParameters(FitLimits, after="limit")


def finish_settings(parameters: Any) -> dict[str, Any]:
    """Return ``finishing``, ``material`` and ``fit_limits`` for :class:`ImplantFilesRun`.

    Args:
        parameters: The parameters of the panel, as attributes.

    Raises:
        InputError: If the settings contradict each other.
    """
    fixation = FixationSettings(**FIXATION.read(parameters))
    asked = fixation if fixation.makes_anything else None
    segments = SegmentSettings(**SEGMENTS.read(parameters)) if parameters.segmentCount > 1 else None
    limits = LIMITS.read(parameters)
    if not limits["gap_mm"]:
        del limits["gap_mm"]  # the one that goes with the clearance
    return {
        "finishing": asdict(FinishSettings(**FINISHING.read(parameters), fixation=asked, segments=segments)),
        "material": parameters.material,
        "fit_limits": limits,
    }
