"""The fit check: measures, maps and verdicts on how an implant fits (``check_fit``)."""

from importlib import import_module
from typing import Any

_PUBLIC = {
    "FitCheck": "fit_check",
    "FitLimits": "fit_limits",
    "Insertion": "insertion_check",
    "check_fit": "fit_check",
}

__all__ = [*_PUBLIC]


def __getattr__(name: str) -> Any:
    """Import a public name on first use: Slicer's panels need the materials but not the computation."""
    if name in _PUBLIC:
        return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
