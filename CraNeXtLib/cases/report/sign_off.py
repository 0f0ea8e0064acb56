"""The block of the report that a surgeon signs; the approval sheet asks for the same on a page of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from CraNeXtLib.cases.report.setting_words import setting_words
from CraNeXtLib.cases.report.wording import Rows
from CraNeXtLib.core.files.hashing import sha256_of

SIGN_OFF_NOTE = "To be printed and signed. Compare the hash with the file before you make the part."
_LINE = "_" * 40


def sign_off_rows(result: dict[str, Any], folder: Path) -> Rows:
    """Return what is signed and the lines to fill in; nothing if there is no part that was checked.

    Args:
        result: Content of ``result.json`` or ``finish.json``.
        folder: Folder that holds the part's STL file.
    """
    part = folder / f"{result.get('fit', {}).get('of')}.stl"
    if not part.is_file():
        return []
    settings = (result.get("finishing") or {}).get("settings", {})
    shaped = "; ".join(setting_words(settings))
    return [
        ("Case", result["case_id"]),
        ("Part", f"{part.name}, SHA-256 {sha256_of(part)}"),
        ("Settings", shaped or "as the model made it"),
        ("Answer", f"[   ] accepted as shown     [   ] change: {_LINE}"),
        ("Name, date, signature", _LINE),
    ]
