"""Jobs from file to files: each reads a case, works on it, and writes all of its results into a folder, or none."""

from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from CraNeXtLib.cases.case_settings import CaseSettings
    from CraNeXtLib.cases.reconstruction_case import reconstruct_case

__all__ = ["CaseSettings", "reconstruct_case"]

_PUBLIC = {
    "CaseSettings": "CraNeXtLib.cases.case_settings:CaseSettings",
    "reconstruct_case": "CraNeXtLib.cases.reconstruction_case:reconstruct_case",
}


def __getattr__(name: str) -> Any:
    """Import a name on first use. Exported MONAI bundles import these two from here."""
    if name in _PUBLIC:
        return resolve_name(_PUBLIC[name])
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
