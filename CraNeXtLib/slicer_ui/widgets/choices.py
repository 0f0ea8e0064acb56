"""Combo boxes with a value behind each title."""

from __future__ import annotations

from typing import Any


def fill_choices(box: Any, titles: dict[str, str]) -> None:
    """Fill a combo box with titles; the value of each is stored as its data."""
    box.clear()
    for value, title in titles.items():
        box.addItem(title, value)
