"""How a report words the soft tissue over a part."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.cases.report.wording import Rows

TISSUE_NOTE = (
    "Of the CT, from the part's outer side to the present skin, and from the bone to the skin at the mirrored place. "
    "Muscle, fat, scalp and dressings are not told apart, and skin over a sunken flap lies deeper than it will over "
    "the part. Not validated clinically."
)


def tissue_rows(tissue: dict[str, Any] | None) -> Rows:
    """Return the thickness over the part and on the other side; ``soft_tissue`` of the result."""
    if not tissue:
        return []
    below = tissue["skin_below_part_percent"]
    return [
        ("Over the part", _text(tissue["over_part_mm"]) + (f"; {below:.0f} % below its outer side" if below else "")),
        ("On the other side", _text(tissue["other_side_mm"])),
        ("Thinner over the part", f"{_text(tissue['thinner_mm'])}; {tissue['missing_ml']:.1f} mL less in all"),
        ("Compared", f"{tissue['compared_cm2']:.0f} cm² of the part's outer side"),
    ]


def _text(spread: dict[str, float]) -> str:
    return f"median {spread['median']:.1f} mm, 5 % to 95 %: {spread['p05']:.1f} to {spread['p95']:.1f} mm"
