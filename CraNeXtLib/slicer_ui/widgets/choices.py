"""Combo boxes that show one thing and mean another."""

from __future__ import annotations

from typing import Any


def fill_choices(box: Any, titles: dict[str, str]) -> None:
    """Put choices into a combo box: what the user reads, and the value behind it."""
    box.clear()
    for value, title in titles.items():
        box.addItem(title, value)
