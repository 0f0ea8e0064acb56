"""One criterion of the checklist or of the fit check: what was measured, what it may be, and whether it is that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Bound:
    """What a value may be: at least a limit, at most one, or between two.

    >>> Bound(at_least=0.5, at_most=3.0).met_by(3.2)
    False

    Attributes:
        at_least: The lowest allowed value; None without one.
        at_most: The highest allowed value; None without one.
    """

    at_least: float | None = None
    at_most: float | None = None

    @classmethod
    def of(cls, criterion: Mapping[str, Any]) -> Bound:
        """Return the bound of a criterion that was read from JSON."""
        return cls(at_least=criterion["at_least"], at_most=criterion["at_most"])

    def met_by(self, value: float) -> bool:
        """Return whether a value is allowed."""
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    def limit_for(self, value: float | None) -> float:
        """Return the limit that a value is compared with: of two, the upper one only if the value is above it."""
        above = self.at_most is not None and value is not None and value > self.at_most
        limit = self.at_most if above or self.at_least is None else self.at_least
        assert limit is not None
        return limit


@dataclass(frozen=True)
class Criterion:
    """One answer.

    Attributes:
        name: Name of the criterion, such as ``"complete"``.
        value: The measured value; None if it could not be measured.
        unit: Unit of value and bound, such as ``"mm"``.
        bound: What the value may be.
        position_ras_mm: Where it is worst, or None if there is nothing to show.
    """

    name: str
    value: float | None
    unit: str
    bound: Bound
    position_ras_mm: tuple[float, float, float] | None = None

    @property
    def passed(self) -> bool | None:
        """Whether the criterion is met; None if the value could not be measured."""
        return None if self.value is None else self.bound.met_by(self.value)

    @property
    def threshold(self) -> float:
        """The limit that the value is compared with."""
        return self.bound.limit_for(self.value)

    def as_dict(self) -> dict[str, Any]:
        """Return the answer for JSON."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            **asdict(self.bound),
            "threshold": self.threshold,
            "passed": self.passed,
            "place_ras_mm": self.position_ras_mm,
        }
