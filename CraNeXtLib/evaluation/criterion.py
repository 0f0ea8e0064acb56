"""One line of a checklist: what was measured, its limit, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Criterion:
    """One answer.

    Attributes:
        name: One of ``CRITERIA``.
        value: The number that decides, None where it could not be measured.
        unit: Unit of value and threshold: ``"mm"``, ``"mL"`` or ``"ratio"``.
        threshold: The number it is held against.
        passed: Whether the criterion is met; None where it could not be measured.
        position_ras_mm: Where it is worst, or None if there is nothing to show.
    """

    name: str
    value: float | None
    unit: str
    threshold: float
    passed: bool | None
    position_ras_mm: tuple[float, float, float] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the answer for JSON."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "threshold": self.threshold,
            "passed": self.passed,
            "place_ras_mm": self.position_ras_mm,
        }
