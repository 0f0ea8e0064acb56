"""Where the lines of the report's tables are in the scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from CraNeXtLib.cases.criterion_wording import question_of

_MAPS = {
    "rim_within": "gap_mm",
    "overlap": "gap_mm",
    "wall": "thickness_mm",
    "minimal_thickness": "thickness_mm",
    "restored_shape": "symmetry_mm",
}
"""The map that shows what a criterion measures."""


@dataclass(frozen=True)
class Place:
    """What a line of a table is about.

    Args:
        ras_mm: The position, RAS mm.
        map: Name of the map that shows it there, such as ``"gap_mm"``; empty if none does.
    """

    ras_mm: tuple[float, float, float]
    map: str = ""


def criteria_places(check: dict[str, Any] | None) -> dict[str, Place]:
    """Return where each criterion of the checklist or the fit check is worst, by its question."""
    criteria = check["criteria"] if check else ()
    return {
        question_of(c["name"]): Place(tuple(c["place_ras_mm"]), _MAPS.get(c["name"], ""))
        for c in criteria
        if c["place_ras_mm"]
    }
