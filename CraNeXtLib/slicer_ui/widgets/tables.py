"""Small read-only tables in a panel, without scroll bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import qt


def fill_table_widget(
    widget: Any, titles: Sequence[str], rows: Sequence[Sequence[str]], *, selectable: bool = False
) -> None:
    """Fill a QTableWidget and make it as high as its rows; the first column takes the remaining width.

    Args:
        widget: The QTableWidget.
        titles: Titles of the columns.
        rows: Texts of the cells, row by row.
        selectable: Whether whole rows are selected; otherwise single cells are, for copying.
    """
    widget.clear()
    widget.setColumnCount(len(titles))
    widget.setRowCount(len(rows))
    widget.setHorizontalHeaderLabels(list(titles))
    widget.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
    widget.setSelectionBehavior(qt.QAbstractItemView.SelectRows if selectable else qt.QAbstractItemView.SelectItems)
    widget.setTabKeyNavigation(False)  # Tab moves to the next control
    for row, cells in enumerate(rows):
        for column, text in enumerate(cells):
            item = qt.QTableWidgetItem(text)
            item.setToolTip(text)
            if column:
                item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
            widget.setItem(row, column, item)
    widget.verticalHeader().setVisible(False)
    header = widget.horizontalHeader()
    header.setStretchLastSection(False)
    for column in range(len(titles)):
        header.setSectionResizeMode(column, qt.QHeaderView.ResizeToContents if column else qt.QHeaderView.Stretch)
    widget.resizeRowsToContents()
    widget.setVerticalScrollBarPolicy(qt.Qt.ScrollBarAlwaysOff)
    line = widget.fontMetrics().height()
    header.setFixedHeight(line + 8)
    height = line + 8 + sum(widget.rowHeight(row) for row in range(len(rows)))
    widget.setFixedHeight(height + 2 * widget.frameWidth)
