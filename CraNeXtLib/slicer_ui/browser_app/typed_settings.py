"""Settings of the library as fields to type into."""

from __future__ import annotations

from collections.abc import Iterable

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.slicer_ui.translation import _

_UNITS = {"mm": "mm", "ml": "mL", "deg": "°", "percent": "%"}


def title_of(setting: str) -> str:
    """Return the title of a setting, with its unit if it has one.

    >>> title_of("edge_radius_mm"), title_of("suture_holes")
    ('Edge radius [mm]', 'Suture holes')
    """
    words, _sign, unit = setting.rpartition("_")
    if unit not in _UNITS:
        return setting.replace("_", " ").capitalize()
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


def names_in_messages(settings: Iterable[str]) -> dict[str, str]:
    """Return the fields of settings by the options and names that the library's messages have for them.

    Names of a single word are left out, which a sentence may hold as a word.

    >>> names_in_messages(["wall_mm"])
    {'--wall-mm': '“Wall [mm]”', 'wall_mm': '“Wall [mm]”'}
    """
    titles = {setting: f"“{title_of(setting)}”" for setting in settings}
    options = {f"--{setting.replace('_', '-')}": title for setting, title in titles.items()}
    return options | {setting: title for setting, title in titles.items() if "_" in setting}
