"""How report and approval sheet word what the result holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from CraNeXtLib.cases.criterion_wording import ANSWERS, measured, question_of

Rows = list[tuple[str, str]]
"""Names and values of a table."""

NOT_VALIDATED = "Thresholds and settings are this project's own and not validated clinically."
_NEEDS_REFERENCE = "restored_shape"


def criteria_rows(check: dict[str, Any] | None) -> Rows:
    """Return the question and the answer of each criterion of the checklist or the fit check."""
    return [(question_of(c["name"]), _criterion(c)) for c in check["criteria"]] if check else []


def _criterion(criterion: dict[str, Any]) -> str:
    answer = ANSWERS[criterion["passed"]]
    if criterion["passed"] is None and criterion["name"] == _NEEDS_REFERENCE:
        return f"{answer}, since there is no reference implant"
    if criterion["value"] is None or criterion["unit"] == "yes":
        return answer
    answer += f": {measured(criterion)}"
    place = criterion["place_ras_mm"]
    return f"{answer}; worst at {place_text(place)}" if place and criterion["passed"] is False else answer


def bulk_text(piece: dict[str, Any]) -> str:
    """Return what bulk a finished piece got over the temple."""
    return (
        f"{piece['bulk_ml']:.1f} mL over the temple in place of muscle, not of bone; up to {piece['bulk_mm']:.1f} mm "
        "high, level with the bone at the rim"
    )


DONOR_NOTE = "The donor is a scan of the same skull from before the craniectomy."


def donor_rows(donor: dict[str, Any] | None) -> Rows:
    """Return how much of the implant the donor gave, and how well it matches the skull; ``donor`` of the result."""
    if not donor:
        return []
    share, rest = donor["percent"], 100 - donor["percent"]
    spread = f"{donor['rms_mm']:.2f} mm (RMS), 95 % within {donor['p95_mm']:.2f} mm (limit {donor['limit_mm']:g} mm)"
    compared = f"{donor['compared_percent']:.0f} % of the vault was compared"
    return [
        ("Share", f"{share:.0f} % of the implant is the donor's bone, {rest:.0f} % the model's"),
        ("Match", f"distance of the donor's vault from the skull's: {spread}; {compared}"),
    ]


def value_text(value: Any) -> str:
    """Return a setting as text."""
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name.replace('_', ' ')}: {value_text(part)}" for name, part in value.items()) + ")"
    return {"None": "none", "True": "yes", "False": "no"}.get(str(value), str(value))


def spread_text(values: dict[str, float]) -> str:
    """Return the distribution of a length."""
    return (
        f"median {values['median']:.1f} mm, 5 % to 95 %: {values['p05']:.1f} to {values['p95']:.1f} mm, "
        f"all: {values['min']:.1f} to {values['max']:.1f} mm"
    )


def seat_text(angles: dict[str, float]) -> str:
    """Return the distribution of the seat angle; positive where the part widens outward and rests on bone."""
    return (
        f"mean {angles['mean']:.0f}°, 5 % to 95 %: {angles['p05']:.0f}° to {angles['p95']:.0f}°, least "
        f"{angles['min']:.0f}°; {angles['negative_percent']:.0f} % of the rim negative, where nothing holds it"
    )


def direction_text(vector: Sequence[float]) -> str:
    """Return a RAS unit vector as text, by its largest components, such as ``L 0.9, S 0.4``."""
    return ", ".join(
        f"{('RAS' if part > 0 else 'LPI')[axis]} {abs(part):.1f}"
        for axis, part in enumerate(vector)
        if abs(part) >= 0.15
    )


def place_text(point: Sequence[float]) -> str:
    """Return RAS coordinates in mm, with signs, because the origin may lie beside the head."""
    return f"RAS {', '.join(f'{value:.0f}' for value in point)} mm"
