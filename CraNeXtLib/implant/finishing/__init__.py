"""Finishing: from a raw implant to a part that can be manufactured and inserted (``finish``)."""

from importlib import import_module
from typing import Any

_PUBLIC = {
    "FinishSettings": "settings",
    "FinishedImplant": "finished_implant",
    "FinishedPiece": "finished_implant",
    "FixationSettings": "fixation_settings",
    "SegmentSettings": "segment_settings",
    "finish": "pipeline",
}

__all__ = [*_PUBLIC]


def __getattr__(name: str) -> Any:
    """Import a public name on first use: Slicer's panels need the settings but not the computation."""
    if name in _PUBLIC:
        return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
