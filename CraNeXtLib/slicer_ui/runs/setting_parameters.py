"""Settings of the library as parameters of a panel, whose names follow from those of the library's dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

_UNITS = ("_mm", "_deg", "_percent", "_ml")


class SettingParameters:
    """The fields of one of the library's settings, and the names of their parameters.

    >>> SettingParameters(MoldSettings, before="mold").names["wall_mm"]  # doctest: +SKIP
    'moldWall'

    Args:
        settings: The dataclass.
        before: Word before the field's name.
        after: Word after it.
        without: Fields that have no parameter of their own.

    Attributes:
        names: Name of the parameter of each field.
    """

    def __init__(self, settings: type, *, before: str = "", after: str = "", without: tuple[str, ...] = ()) -> None:
        chosen = [field.name for field in fields(settings) if field.name not in without]
        self.names: Mapping[str, str] = {name: _parameter_name(name, before, after) for name in chosen}

    def read(self, parameters: Any) -> dict[str, Any]:
        """Return the value of each field, by its name in the library.

        Args:
            parameters: The parameters of the panel, as attributes.
        """
        return {name: getattr(parameters, parameter) for name, parameter in self.names.items()}


def _parameter_name(field: str, before: str, after: str) -> str:
    """Return a field's name without its unit, in the style of Slicer's parameters."""
    for unit in _UNITS:
        field = field.removesuffix(unit)
    words = [word for word in (before, *field.split("_"), after) if word]
    return words[0] + "".join(word.capitalize() for word in words[1:])
