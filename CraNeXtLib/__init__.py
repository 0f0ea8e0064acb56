"""Cranial implant design: complete a defective skull, label its regions, measure the result.

>>> from CraNeXtLib import read_volume, reconstruct  # doctest: +SKIP
>>> result = reconstruct(read_volume("skull.nrrd"))  # doctest: +SKIP
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

RESEARCH_USE_NOTICE = "For research use, not for clinical decisions."

_PUBLIC = {
    "Volume": "geometry.volume",
    "read_volume": "geometry.volume_files",
    "write_volume": "geometry.volume_files",
    "reconstruct": "implant.reconstruct",
    "reconstruct_case": "cases.reconstruction_case",
    "CaseSettings": "cases.case_settings",
    "categorize": "anatomy.categorization.categorize",
    "evaluate": "evaluation.evaluation",
    "Thresholds": "evaluation.checklist",
    "finish": "implant.finishing.pipeline",
    "FinishSettings": "implant.finishing.settings",
    "check_fit": "implant.fit.fit_check",
    "FitLimits": "implant.fit.fit_limits",
}

__all__ = ["RESEARCH_USE_NOTICE", *_PUBLIC]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: importing the package must cost nothing inside Slicer."""
    if name in _PUBLIC:
        return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
