"""Small read-only tables in a panel, as high as their rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import qt


def fill_grid(grid: Any, titles: Sequence[str], rows: Sequence[Sequence[str]], *, selectable: bool = False) -> None:
    """Fill a QTableWidget with texts; the first column takes what room is left.

    Args:
        grid: The widget.
        titles: Of the columns.
        rows: Texts, a row a sequence.
        selectable: Whether a row can be chosen; else cells can be, for copying.
    """
    grid.clear()
    grid.setColumnCount(len(titles))
    grid.setRowCount(len(rows))
    grid.setHorizontalHeaderLabels(list(titles))
    grid.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
    grid.setSelectionBehavior(qt.QAbstractItemView.SelectRows if selectable else qt.QAbstractItemView.SelectItems)
    grid.setTabKeyNavigation(False)  # the tab key leads to the next control
    for row, cells in enumerate(rows):
        for column, text in enumerate(cells):
            item = qt.QTableWidgetItem(text)
            item.setToolTip(text)
            if column:
                item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
            grid.setItem(row, column, item)
    grid.verticalHeader().setVisible(False)
    header = grid.horizontalHeader()
    header.setStretchLastSection(False)
    for column in range(len(titles)):
        header.setSectionResizeMode(column, qt.QHeaderView.ResizeToContents if column else qt.QHeaderView.Stretch)
    grid.resizeRowsToContents()
    grid.setVerticalScrollBarPolicy(qt.Qt.ScrollBarAlwaysOff)
    line = grid.fontMetrics().height()
    header.setFixedHeight(line + 8)
    height = line + 8 + sum(grid.rowHeight(row) for row in range(len(rows)))
    grid.setFixedHeight(height + 2 * grid.frameWidth)
