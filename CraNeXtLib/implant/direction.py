"""Directions and sizes that are given as settings."""

from __future__ import annotations

import math
from typing import Any


def numbers_in(value: Any) -> list[float]:
    """Return numbers from a sequence, or from a text with commas; none if there is anything else.

    >>> numbers_in("-1,0,0.5"), numbers_in("auto")
    ([-1.0, 0.0, 0.5], [])
    """
    try:
        return [float(part) for part in (value.split(",") if isinstance(value, str) else value)]
    except (TypeError, ValueError, OverflowError):
        return []


def unit_direction(value: Any) -> tuple[float, float, float] | None:
    """Return the unit vector of three numbers, or None if they give no direction.

    >>> unit_direction([0, 3, 4]), unit_direction("0,0,0")
    ((0.0, 0.6, 0.8), None)
    """
    numbers = numbers_in(value)
    length = math.hypot(*numbers)
    if len(numbers) != 3 or not 1e-6 <= length < math.inf:
        return None
    right, anterior, superior = (number / length for number in numbers)
    return right, anterior, superior
