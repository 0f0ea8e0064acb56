"""The units of length that headers name."""

from __future__ import annotations

from collections.abc import Iterable

from CraNeXtLib.core.errors import InputError

_NAMES_OF_MM = {
    1.0: ("", "mm", "millimeter"),
    10.0: ("cm", "centimeter"),
    1000.0: ("m", "meter"),
    0.001: ("um", "µm", "μm", "micron", "micrometer"),  # with the micro sign, and with the Greek letter
    25.4: ("in", "inch", "inche"),  # without the s of the plural
    304.8: ("ft", "foot", "feet"),
}
_IN_MM = {name: length for length, names in _NAMES_OF_MM.items() for name in names}


def unit_in_mm(file: str, units: Iterable[str]) -> float:
    """Return the length in mm of the unit that all axes of a volume share; without a name it is 1 mm.

    Args:
        file: Name of the file, for the message.
        units: Names of the axes' units, from the header.

    Raises:
        InputError: If it is unknown, or the axes have different ones.
    """
    found = {unit.strip().lower().removesuffix("s") for unit in units if unit.strip(" ?").lower() != "none"}
    found = {unit for unit in found if unit.strip("?")} or {""}
    if len(found) == 1 and (length := _IN_MM.get(next(iter(found)))):
        return length
    raise InputError(f"The header of {file} gives lengths in {', '.join(sorted(found))[:60]}; save it in millimeters.")
