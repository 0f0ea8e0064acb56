"""Molds in which a part is cast, of two keyed halves (``make_mold``), and their check (``check_mold``)."""

from importlib import import_module
from typing import Any

_PUBLIC = {
    "MoldCheck": "mold_check",
    "MoldSettings": "settings",
    "TwoPartMold": "two_part_mold",
    "best_opening": "opening_direction",
    "check_mold": "mold_check",
    "make_mold": "two_part_mold",
}

__all__ = [*_PUBLIC]


def __getattr__(name: str) -> Any:
    """Import a public name on first use: Slicer's panels need the settings but not the computation."""
    if name in _PUBLIC:
        return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
