"""Table nodes in a panel, which is narrow."""

from __future__ import annotations

from typing import Any

import qt

_MOST_HEIGHT, _MOST_WIDTH = 240, 130  # of the view, and of every column but the last; pixels


def show_whole_texts(view: Any) -> None:
    """Wrap long texts, give the last column what room is left, and make the view as high as its rows, up to a limit.

    Args:
        view: A ``qMRMLTableView`` that shows a node.
    """
    view.wordWrap = True
    view.textElideMode = qt.Qt.ElideNone
    view.setTabKeyNavigation(False)  # the tab key leads to the next control
    view.verticalHeader().setVisible(False)
    view.resizeColumnsToContents()
    columns = view.model().columnCount()
    for column in range(columns):
        view.setColumnWidth(column, min(view.columnWidth(column), _MOST_WIDTH))
    view.horizontalHeader().setStretchLastSection(True)
    view.resizeRowsToContents()
    rows = sum(view.rowHeight(row) for row in range(view.model().rowCount()))
    view.setFixedHeight(min(rows + view.horizontalHeader().height + 2 * view.frameWidth, _MOST_HEIGHT))
