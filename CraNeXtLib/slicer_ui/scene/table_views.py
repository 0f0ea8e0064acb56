"""Views of table nodes that fit into a narrow panel."""

from __future__ import annotations

from typing import Any

import qt

_MAX_HEIGHT = 240  # pixels
_MAX_COLUMN_WIDTH = 130  # pixels; the last column takes the rest


def show_whole_texts(view: Any) -> None:
    """Wrap long texts, stretch the last column, and make the view as high as its rows, up to a limit.

    Args:
        view: A ``qMRMLTableView``.
    """
    view.wordWrap = True
    view.textElideMode = qt.Qt.ElideNone
    view.setTabKeyNavigation(False)  # Tab moves to the next control
    view.verticalHeader().setVisible(False)
    view.resizeColumnsToContents()
    columns = view.model().columnCount()
    for column in range(columns):
        view.setColumnWidth(column, min(view.columnWidth(column), _MAX_COLUMN_WIDTH))
    view.horizontalHeader().setStretchLastSection(True)
    view.resizeRowsToContents()
    rows = sum(view.rowHeight(row) for row in range(view.model().rowCount()))
    view.setFixedHeight(min(rows + view.horizontalHeader().height + 2 * view.frameWidth, _MAX_HEIGHT))
