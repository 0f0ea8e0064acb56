"""Reading the tables that users write: CSV with a header line, or a JSON list of objects."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.csv_tables import plain
from CraNeXtLib.core.files.text import read_json, read_text

_MOST_CHARACTERS = 10_000
_BEYOND = "(beyond the last column)"


def read_table(path: Path, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """Return the lines of a table with their numbers; cells as text without surrounding space, empty ones left out.

    Args:
        path: A ``.csv`` or ``.json`` file.
        columns: The columns that are allowed.

    Raises:
        InputError: If it cannot be read, is not such a table, has an unknown or duplicated column, or a cell that
            cannot be used; the message names the line.
    """
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".json"):
        raise InputError(f"{path.name} must end in .csv or .json.")
    rows = _json_rows(path) if suffix == ".json" else _csv_rows(path)
    return [(number, _cells(path.name, number, row, columns)) for number, row in rows]


def path_in(folder: Path, text: str) -> Path:
    """Return the absolute path that a cell means, relative to the folder of its table.

    Raises:
        InputError: If no file can have this name.
    """
    parts = text.replace("\\", "/").split("/")
    if "\0" in text or len(text.encode()) > 4000 or max(len(part.encode()) for part in parts) > 255:
        raise InputError(f"No file can have the name {text[:60]!r}; correct it.")
    return folder.absolute() / text


def _json_rows(path: Path) -> list[tuple[int, dict]]:
    rows = read_json(path)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{path.name} must be a JSON list of objects, one for each case.")
    return list(enumerate(rows, start=1))


def _csv_rows(path: Path) -> list[tuple[int, dict]]:
    reader = csv.DictReader(io.StringIO(read_text(path, kind="CSV file"), newline=""), restkey=_BEYOND, strict=True)
    try:
        names = [name.strip() for name in reader.fieldnames or ()]
        double = next((name for name in names if names.count(name) > 1), None)
        if double is not None:
            raise InputError(f"{path.name} has two columns called '{double[:60]}'; delete or rename one.")
        reader.fieldnames = names
        return [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise InputError(f"{path.name} is not valid CSV (line {reader.reader.line_num}): {error}.") from error


def _cells(table: str, number: int, row: dict, columns: tuple[str, ...]) -> dict[str, str]:
    if _BEYOND in row:
        raise InputError(f"{table}, line {number} has more cells than the header; put text with commas in quotes.")
    unknown = next((key for key in row if key not in columns), None)
    if unknown is not None:
        raise InputError(f"{table}: no column is called {unknown[:60]!r}; allowed: {', '.join(columns)}.")
    cells = {}
    for key, value in row.items():
        if value is None:
            continue
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            raise InputError(f"{table}, line {number}: '{key}' must be text or a number.")
        text = plain(str(value).strip())
        if len(text) > _MOST_CHARACTERS or "\0" in text:
            raise InputError(f"{table}, line {number}: '{key}' holds text that cannot be used; correct it.")
        if text:
            cells[key] = text
    return cells
