"""Criteria of a fit or of a comparison, for display."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from CraNeXtLib.evaluation.criterion import Bound
from CraNeXtLib.slicer_ui.translation import _


def criterion_titles() -> tuple[str, str, str, str]:
    """Return the titles of the columns of :func:`criterion_row`."""
    return _("Criterion"), _("Value"), _("Limit"), _("Met")


def criterion_row(name: str, criterion: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Return name, value, limit and answer of a criterion, from ``Criterion.as_dict``."""
    met = {True: _("yes"), False: _("no"), None: _("not measured")}
    return name, _number(criterion["value"], criterion["unit"]), _limits(criterion), met[criterion["passed"]]


def measured(value: float, unit: str) -> str:
    """Return a measure of a comparison as text.

    Args:
        value: The measure; infinite where one of the surfaces is missing, NaN if it was not measured.
        unit: Its unit, or an empty text.

    >>> measured(1.2345, "mm"), measured(7741.8, "mL"), measured(float("nan"), "mm"), measured(float("inf"), "mm")
    ('1.23 mm', '7742 mL', '–', '∞')
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞"
    digits = ".0f" if abs(value) >= 1000 else ".3g"  # or g would write an exponent
    return f"{value:{digits}} {unit}".strip()


def fit_names() -> dict[str, str]:
    """Return what the criteria of the fit are called, by their names in the description."""
    return {
        "rim_within": _("Rim within tolerance"),
        "overlap": _("Overlap with bone"),
        "seat": _("Seat angle of the rim"),
        "wall": _("Thinnest wall"),
        "insertion": _("Overlap during insertion"),
        "watertight": _("Surface watertight"),
        "segments": _("Overlap of segments going in"),
    }


def _limits(criterion: Mapping[str, Any]) -> str:
    """Return what is allowed, in signs that need no translation, such as ``"≤ 1.2 mm"``."""
    bound, unit = Bound.of(criterion), criterion["unit"]
    if unit == "yes":
        return _number(bound.at_least, unit)
    if bound.at_least is None:
        return f"≤ {_number(bound.at_most, unit)}"
    if bound.at_most is None:
        return f"≥ {_number(bound.at_least, unit)}"
    return f"{_number(bound.at_least, '')} – {_number(bound.at_most, unit)}"


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if unit == "yes":
        return _("yes") if value else _("no")
    decimals = 1 if unit in ("mm", "%") else 2
    return f"{value:.{decimals}f} {'' if unit == 'ratio' else unit}".strip()
