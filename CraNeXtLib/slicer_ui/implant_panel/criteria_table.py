"""Criteria with their values, limits and answers; choosing one goes to its worst place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.tables import fill_grid


class CriteriaTable:
    """Shows criteria in a table of the panel.

    Args:
        grid: The QTableWidget.
        go_to: Called with a place, RAS in mm, when its criterion is chosen.
    """

    def __init__(self, grid: Any, go_to: Callable[[Any], None]) -> None:
        self._grid = grid
        self._go_to = go_to
        self._places: list[Any] = []
        grid.connect("itemSelectionChanged()", self._chosen)

    def fill(self, criteria: Mapping[str, Mapping[str, Any]]) -> None:
        """Show criteria: their names, and for each ``value``, ``unit``, ``threshold``, ``passed``, ``place_ras_mm``."""
        self._places = []  # what is shown now is not chosen
        met = {True: _("yes"), False: _("no"), None: _("not measured")}
        rows = [
            (name, _number(c["value"], c["unit"]), _number(c["threshold"], c["unit"]), met[c["passed"]])
            for name, c in criteria.items()
        ]
        titles = (_("Criterion"), _("Value"), _("Limit"), _("Met"))
        fill_grid(self._grid, titles, rows, selectable=True)
        self._places = [criterion["place_ras_mm"] for criterion in criteria.values()]

    def _chosen(self) -> None:
        row = self._grid.currentRow()
        if 0 <= row < len(self._places) and self._places[row] is not None:
            self._go_to(self._places[row])


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if unit == "yes":
        return _("yes") if value else _("no")
    decimals = 1 if unit in ("mm", "%") else 2
    return f"{value:.{decimals}f} {'' if unit == 'ratio' else unit}".strip()
