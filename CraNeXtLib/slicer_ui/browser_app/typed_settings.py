"""Settings of the library as fields to type into."""

from __future__ import annotations

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.slicer_ui.translation import _

_UNITS = {"mm": "mm", "deg": "°", "percent": "%"}


def title_of(setting: str) -> str:
    """Return the title of a setting, with its unit.

    >>> title_of("edge_radius_mm")
    'Edge radius [mm]'
    """
    words, _sign, unit = setting.rpartition("_")
    return f"{words.replace('_', ' ').capitalize()} [{_UNITS[unit]}]"


def number_of(text: object, title: str) -> float:
    """Return what was typed as a number.

    Raises:
        InputError: If it is none.
    """
    try:
        return float(str(text).strip().replace(",", "."))
    except ValueError:
        raise InputError(_("“{title}” must be a number, not “{text}”.").format(title=title, text=text)) from None
