"""Finishing: from a raw implant to a part that can be made and put in (``finish``), by distance fields."""

from importlib import import_module
from typing import Any

_PUBLIC = {
    "FinishSettings": "settings",
    "FinishedImplant": "pipeline",
    "FinishedPiece": "pipeline",
    "finish": "pipeline",
}

__all__ = [*_PUBLIC]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: Slicer's panels need the settings and not what computes."""
    if name in _PUBLIC:
        return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
