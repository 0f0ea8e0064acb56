"""Settings as frozen dataclasses: numbers are kept in their ranges, and JSON objects read, in one way for all."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, TypeVar, get_args, get_type_hints

from CraNeXtLib.core.errors import InputError, check_names, shown

Made = TypeVar("Made", bound="Settings")
Ranges = Mapping[str, tuple[float, float]]


def number_in(value: Any, low: float, high: float, name: str, *, whole: bool = False, unit: str = "") -> Any:
    """Return a number of Python, also for one of NumPy, which JSON does not take.

    >>> number_in(np.int64(4), 0, 10, "setting keys")  # doctest: +SKIP
    4

    Args:
        value: What was given.
        low: Least value.
        high: Greatest value; infinity for none.
        name: What the number is, for the message.
        whole: Whether it must be a whole number.
        unit: Its unit with a space before it, for the message.

    Raises:
        InputError: If it is no number of this range.
    """
    known = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not known or not low <= value <= high or value == math.inf or (whole and value != int(value)):
        kind = "whole number" if whole else "number"
        limits = f"from {low:g} up" if high == math.inf else f"from {low:g} to {high:g}"
        raise InputError(f"The {name} must be a {kind} {limits}{unit}, not {shown(value)}.")
    return int(value) if whole or isinstance(value, numbers.Integral) else float(value)


class Settings:
    """Base of the dataclasses of settings.

    Attributes:
        kind: What one of the settings is called in messages.
        ranges: Lowest and highest value of each setting that is a number.
    """

    kind: ClassVar[str] = "setting"
    ranges: ClassVar[Ranges] = {}

    def __post_init__(self) -> None:
        """Refuse numbers out of their ranges.

        Raises:
            InputError: If there is one.
        """
        whole = {field.name for field in fields(self) if field.type in (int, "int")}  # type: ignore[arg-type]
        for name, (low, high) in self.ranges.items():
            value = number_in(getattr(self, name), low, high, f"{self.kind} {name}", whole=name in whole)
            object.__setattr__(self, name, value)

    @classmethod
    def from_dict(cls: type[Made], settings: Mapping[str, Any]) -> Made:
        """Return settings from a JSON object, in which other settings may be nested.

        Raises:
            InputError: If a name is unknown or a value is invalid.
        """
        check_names(settings, cls, cls.kind)
        made = dict(settings)
        for name, kind in get_type_hints(cls).items():
            nested = [part for part in get_args(kind) if isinstance(part, type) and issubclass(part, Settings)]
            value = made.get(name)
            if not nested or value is None:
                continue
            if not isinstance(value, Mapping):
                raise InputError(f"The {cls.kind} {name} must be an object with names, not {shown(value)}.")
            made[name] = nested[0].from_dict(value)
        return cls(**made)
