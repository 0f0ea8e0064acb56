"""Tables as CSV text whose cells no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence

_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
"""What spreadsheets compute, and what only looks as if it had been protected from that."""


def csv_text(rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> str:
    """Return rows as the text of a CSV file with a header line.

    Text that a spreadsheet would compute, such as ``=1+1``, gets an apostrophe in front, as in a spreadsheet; numbers
    stay as they are. :func:`plain` takes the apostrophe away.

    Args:
        rows: Values by column; a missing one leaves its cell empty.
        columns: The columns, in order; other values of a row are left out.
    """
    return _line(columns) + "".join(_line([row.get(column, "") for column in columns]) for row in rows)


def plain(cell: str) -> str:
    """Return the text of a cell that :func:`csv_text` wrote."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _line(cells: Sequence[object]) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerow([_protected(cell) for cell in cells])  # its default quotes both kinds of line breaks
    return stream.getvalue().removesuffix("\r\n") + "\n"


def _protected(value: object) -> object:
    if not isinstance(value, str) or not _FORMULA.match(value):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value
