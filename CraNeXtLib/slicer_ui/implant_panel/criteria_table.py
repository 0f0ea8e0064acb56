"""A table of criteria with values, limits and answers; selecting one shows its worst position."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from CraNeXtLib.slicer_ui.scene.criteria_rows import criterion_row, criterion_titles
from CraNeXtLib.slicer_ui.widgets.tables import fill_table_widget


class CriteriaTable:
    """Shows criteria in a table of the panel.

    Args:
        widget: The QTableWidget.
        go_to: Called with the worst position of a criterion, RAS in mm, when the criterion is selected.
    """

    def __init__(self, widget: Any, go_to: Callable[[Any], None]) -> None:
        self._widget = widget
        self._go_to = go_to
        self._positions: list[Any] = []
        widget.connect("itemSelectionChanged()", self._chosen)

    def fill(self, criteria: Mapping[str, Mapping[str, Any]]) -> None:
        """Show criteria by name, from ``Criterion.as_dict``."""
        self._positions = []  # filling the table selects nothing
        rows = [criterion_row(name, criterion) for name, criterion in criteria.items()]
        fill_table_widget(self._widget, criterion_titles(), rows, selectable=True)
        self._positions = [criterion["place_ras_mm"] for criterion in criteria.values()]

    def _chosen(self) -> None:
        row = self._widget.currentRow()
        if 0 <= row < len(self._positions) and self._positions[row] is not None:
            self._go_to(self._positions[row])
