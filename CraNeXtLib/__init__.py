"""Cranial implant design: complete a defective skull, then finish, check and measure the implant.

``Docs/api.md`` describes the names in ``__all__``.

>>> from CraNeXtLib import read_volume, reconstruct  # doctest: +SKIP
>>> result = reconstruct(read_volume("skull.nrrd"))  # doctest: +SKIP
"""

from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from CraNeXtLib.core.product import RESEARCH_USE_NOTICE as RESEARCH_USE_NOTICE
from CraNeXtLib.core.product import __version__ as __version__

if TYPE_CHECKING:
    from CraNeXtLib.anatomy.categorization.categorize import categorize
    from CraNeXtLib.cases.case_settings import CaseSettings
    from CraNeXtLib.cases.finishing_case import finish_case
    from CraNeXtLib.cases.mold_case import mold_case
    from CraNeXtLib.cases.reconstruction_case import reconstruct_case
    from CraNeXtLib.cases.release.check import check_release
    from CraNeXtLib.cases.release.freeze import release_case
    from CraNeXtLib.evaluation.evaluation import evaluate
    from CraNeXtLib.evaluation.thresholds import Thresholds
    from CraNeXtLib.geometry.volume import Volume
    from CraNeXtLib.geometry.volume_files import read_volume, write_volume
    from CraNeXtLib.implant.finishing.fixation_settings import FixationSettings
    from CraNeXtLib.implant.finishing.pipeline import finish
    from CraNeXtLib.implant.finishing.segment_settings import SegmentSettings
    from CraNeXtLib.implant.finishing.settings import FinishSettings
    from CraNeXtLib.implant.fit.fit_check import check_fit
    from CraNeXtLib.implant.fit.fit_limits import FitLimits
    from CraNeXtLib.implant.mold.settings import MoldSettings
    from CraNeXtLib.implant.onlay.sheet import onlay_sheet
    from CraNeXtLib.implant.reconstruct import reconstruct

__all__ = [
    "RESEARCH_USE_NOTICE",
    "CaseSettings",
    "FinishSettings",
    "FitLimits",
    "FixationSettings",
    "MoldSettings",
    "SegmentSettings",
    "Thresholds",
    "Volume",
    "categorize",
    "check_fit",
    "check_release",
    "evaluate",
    "finish",
    "finish_case",
    "mold_case",
    "onlay_sheet",
    "read_volume",
    "reconstruct",
    "reconstruct_case",
    "release_case",
    "write_volume",
]

_PUBLIC = {
    "Volume": "CraNeXtLib.geometry.volume:Volume",
    "read_volume": "CraNeXtLib.geometry.volume_files:read_volume",
    "write_volume": "CraNeXtLib.geometry.volume_files:write_volume",
    "reconstruct": "CraNeXtLib.implant.reconstruct:reconstruct",
    "reconstruct_case": "CraNeXtLib.cases.reconstruction_case:reconstruct_case",
    "release_case": "CraNeXtLib.cases.release.freeze:release_case",
    "check_release": "CraNeXtLib.cases.release.check:check_release",
    "CaseSettings": "CraNeXtLib.cases.case_settings:CaseSettings",
    "categorize": "CraNeXtLib.anatomy.categorization.categorize:categorize",
    "evaluate": "CraNeXtLib.evaluation.evaluation:evaluate",
    "Thresholds": "CraNeXtLib.evaluation.thresholds:Thresholds",
    "finish": "CraNeXtLib.implant.finishing.pipeline:finish",
    "FinishSettings": "CraNeXtLib.implant.finishing.settings:FinishSettings",
    "check_fit": "CraNeXtLib.implant.fit.fit_check:check_fit",
    "FixationSettings": "CraNeXtLib.implant.finishing.fixation_settings:FixationSettings",
    "MoldSettings": "CraNeXtLib.implant.mold.settings:MoldSettings",
    "SegmentSettings": "CraNeXtLib.implant.finishing.segment_settings:SegmentSettings",
    "finish_case": "CraNeXtLib.cases.finishing_case:finish_case",
    "mold_case": "CraNeXtLib.cases.mold_case:mold_case",
    "onlay_sheet": "CraNeXtLib.implant.onlay.sheet:onlay_sheet",
    "FitLimits": "CraNeXtLib.implant.fit.fit_limits:FitLimits",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use: importing the package must be cheap inside Slicer."""
    if name in _PUBLIC:
        return resolve_name(_PUBLIC[name])
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
