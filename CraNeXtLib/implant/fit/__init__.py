"""The fit check: numbers, maps and verdicts about how an implant fits (``check_fit``)."""

from importlib import import_module
from typing import Any

_PUBLIC = ("FitCheck", "FitLimits", "Insertion", "check_fit")

__all__ = [*_PUBLIC]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: Slicer's panels need the materials and not what computes."""
    if name in _PUBLIC:
        return getattr(import_module(f"{__name__}.fit_check"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
