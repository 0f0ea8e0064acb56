"""Criteria of a fit or of a comparison, for display."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from CraNeXtLib.slicer_ui.translation import _


def criterion_titles() -> tuple[str, str, str, str]:
    """Return the titles of the columns of :func:`criterion_row`."""
    return _("Criterion"), _("Value"), _("Limit"), _("Met")


def criterion_row(name: str, criterion: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Return name, value, limit and answer of a criterion with ``value``, ``unit``, ``threshold`` and ``passed``."""
    met = {True: _("yes"), False: _("no"), None: _("not measured")}
    value, threshold = (_number(criterion[key], criterion["unit"]) for key in ("value", "threshold"))
    return name, value, threshold, met[criterion["passed"]]


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


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if unit == "yes":
        return _("yes") if value else _("no")
    decimals = 1 if unit in ("mm", "%") else 2
    return f"{value:.{decimals}f} {'' if unit == 'ratio' else unit}".strip()
