"""Jobs on files: a case is read, worked on, and written to a folder of its own, whole or not at all."""

from pkgutil import resolve_name
from typing import Any

_PUBLIC = {
    "CaseSettings": "CraNeXtLib.cases.case_settings:CaseSettings",
    "reconstruct_case": "CraNeXtLib.cases.reconstruction_case:reconstruct_case",
}

__all__ = [*_PUBLIC]


def __getattr__(name: str) -> Any:
    """Import a name on first use. Exported MONAI bundles look for these two here."""
    if name in _PUBLIC:
        return resolve_name(_PUBLIC[name])
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
