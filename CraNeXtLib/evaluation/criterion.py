"""One criterion of the checklist or of the fit check: what was measured, its threshold, and whether it is met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Criterion:
    """One answer.

    Attributes:
        name: Name of the criterion, such as ``"complete"``.
        value: The measured value; None if it could not be measured.
        unit: Unit of value and threshold, such as ``"mm"``.
        threshold: The limit that the value is compared with.
        passed: Whether the criterion is met; None if the value could not be measured.
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
