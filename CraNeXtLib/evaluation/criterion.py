"""One line of a checklist: what was measured, its limit, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Criterion:
    """One answer.

    Attributes:
        name: One of ``CRITERIA``.
        value: The number that decides, None where it could not be measured.
        unit: Unit of value and threshold: ``"mm"``, ``"mL"`` or ``"ratio"``.
        threshold: The number it is held against.
        passed: Whether the criterion is met; None where it could not be measured.
        place_ras_mm: The worst place, or None if there is nothing to show.
    """

    name: str
    value: float | None
    unit: str
    threshold: float
    passed: bool | None
    place_ras_mm: tuple[float, float, float] | None = None
