"""Settings of molds, in millimeters. No source was found for any figure: they are NOT VALIDATED CLINICALLY."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from CraNeXtLib.core.errors import InputError, shown
from CraNeXtLib.core.settings import Ranges, Settings
from CraNeXtLib.implant.direction import numbers_in, unit_direction

POUR_SIDES = ("outer", "inner")

RANGES: dict[str, tuple[float, float]] = {
    "undercut_mm": (0, 1),
    "wall_mm": (2, 30),
    "land_mm": (1, 20),
    "channel_mm": (0, 15),
    "sprue_mm": (2, 20),
    "vents": (0, 12),
    "vent_mm": (0.5, 6),
    "keys": (2, 8),
    "key_mm": (4, 20),
    "key_clearance_mm": (0, 1),
    "press_margin_mm": (0, 2),
    "shrinkage_percent": (0, 10),
    "ring_mm": (5, 40),
}
"""Lowest and highest value of each setting that is a number."""

_BUILD_MM = (50.0, 2000.0)


@dataclass(frozen=True, kw_only=True)
class MoldSettings(Settings):
    """How a mold is made. The defaults are ours; no source was found that validates one.

    Args:
        opening: Direction in which the halves open: ``"auto"`` for the one in which the part is undercut least, or
            three numbers, a direction in RAS that points out of the head.
        undercut_mm: Undercuts up to this depth are filled, so that the molded part is thicker there; a part with a
            deeper one is refused.
        wall_mm: Least thickness of the mold over the cavity, and around keys and channels.
        land_mm: Width of the seam around the cavity on which the halves meet.
        channel_mm: Width of the overflow channel around the seam, half as deep; 0 for none.
        sprue_mm: Diameter of the sprue, which is where the part is highest.
        vents: Number of vents, at the next highest places.
        vent_mm: Their diameter.
        keys: Number of registration keys; one is larger, so that the halves fit together one way only.
        key_mm: Diameter of the keys at their foot.
        key_clearance_mm: Gap around the keys.
        press_margin_mm: Gap between the halves outside the seam, so that only the seam carries the press; 0 for none.
        pour: Which side of the part is up when the material is poured: ``"outer"`` or ``"inner"``.
        shrinkage_percent: By how much the material shrinks in length; the cavity is larger by that, about the part's
            center.
        build_mm: Largest width, depth and height of what can be printed; larger halves are split. None for no limit.
        ring_mm: Width of the ring of the spring form.

    Raises:
        InputError: If a setting is out of its range.
    """

    kind: ClassVar[str] = "mold setting"
    ranges: ClassVar[Ranges] = RANGES

    opening: str | tuple[float, float, float] = "auto"
    undercut_mm: float = 0.3
    wall_mm: float = 5.0
    land_mm: float = 4.0
    channel_mm: float = 4.0
    sprue_mm: float = 6.0
    vents: int = 3
    vent_mm: float = 2.0
    keys: int = 4
    key_mm: float = 8.0
    key_clearance_mm: float = 0.2
    press_margin_mm: float = 0.3
    pour: str = "outer"
    shrinkage_percent: float = 0.0
    build_mm: tuple[float, float, float] | None = None
    ring_mm: float = 15.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pour not in POUR_SIDES:
            raise InputError(f"The pour must be outer or inner, not {shown(self.pour)}.")
        object.__setattr__(self, "opening", _opening(self.opening))
        if self.build_mm is not None:
            object.__setattr__(self, "build_mm", _build(self.build_mm))

    @property
    def scale(self) -> float:
        """Factor from the part to the cavity, so that what shrinks in it has the part's size."""
        return 1 / (1 - self.shrinkage_percent / 100)

    @property
    def channel_depth_mm(self) -> float:
        """Depth of the overflow channel."""
        return self.channel_mm / 2

    @property
    def key_height_mm(self) -> float:
        """Height of the keys."""
        return 0.6 * self.key_mm


def _opening(value: Any) -> str | tuple[float, float, float]:
    """Return ``"auto"`` or a unit vector."""
    if value == "auto":
        return "auto"
    direction = unit_direction(value)
    if direction is None:
        raise InputError(f"The opening must be auto or a direction R,A,S such as -1,0,0.5, not {shown(value)}.")
    return direction


def _build(value: Any) -> tuple[float, float, float]:
    numbers = numbers_in(value)
    low, high = _BUILD_MM
    if len(numbers) != 3 or not all(low <= number <= high for number in numbers):
        raise InputError(f"The build volume must be three lengths from {low:g} to {high:g} mm, not {shown(value)}.")
    width, depth, height = numbers
    return width, depth, height
