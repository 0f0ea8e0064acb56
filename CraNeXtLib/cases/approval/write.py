"""Writing the approval sheet of a finished part."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from CraNeXtLib.cases.approval.contents import sheet_of
from CraNeXtLib.cases.approval.html_page import html_page
from CraNeXtLib.cases.approval.pdf_page import write_pdf_page
from CraNeXtLib.cases.checked_part import FINISHED
from CraNeXtLib.core.files.hashing import sha256_of

SHEET_PICTURE = "approval.png"
_PRINTED = (".stl", ".3mf")


def write_approval_sheet(result: Mapping[str, Any], folder: Path) -> None:
    """Write ``approval.html`` and ``approval.pdf``, one A4 page, on the finished part in a folder.

    Args:
        result: Content of ``result.json`` or ``finish.json``, with a finished part.
        folder: Folder with the part's STL and 3MF files and ``approval.png``, see ``write_approval_picture``.
    """
    parts = sorted(path for path in folder.glob(f"{FINISHED}*") if path.suffix in _PRINTED)
    parts.sort(key=lambda path: path.name != f"{FINISHED}.stl")  # the file that the signature names
    sheet = sheet_of(result, {"Part": {path.name: sha256_of(path) for path in parts}})
    picture = folder / SHEET_PICTURE
    (folder / "approval.html").write_text(html_page(sheet, picture), encoding="utf-8")
    write_pdf_page(folder / "approval.pdf", sheet, picture)
