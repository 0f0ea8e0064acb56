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
SHEET_PAGE = "approval.html"
PRINTED = (".stl", ".3mf")


def write_approval_sheet(
    result: Mapping[str, Any],
    folder: Path,
    *,
    out: Path | None = None,
    mold: Mapping[str, Any] | None = None,
    mold_hashes: Mapping[str, str] | None = None,
) -> None:
    """Write ``approval.html`` and ``approval.pdf``, one A4 page, on the finished part in a folder.

    Args:
        result: Content of ``result.json`` or ``finish.json``, with a finished part.
        folder: Folder with the part's STL and 3MF files and ``approval.png``, see ``write_approval_picture``.
        out: Folder to write into; by default the same.
        mold: Content of ``mold.json``, if there is a mold.
        mold_hashes: SHA-256 of the mold's files, by name.
    """
    hashes: dict[str, Mapping[str, str]] = {"Part": {path.name: sha256_of(path) for path in part_files(folder)}}
    if mold_hashes:
        hashes["Mold"] = mold_hashes
    sheet, picture, out = sheet_of(result, hashes, mold), folder / SHEET_PICTURE, out or folder
    (out / SHEET_PAGE).write_text(html_page(sheet, picture), encoding="utf-8")
    write_pdf_page(out / "approval.pdf", sheet, picture)


def part_files(folder: Path) -> list[Path]:
    """Return the meshes that a finished part may be made from; first the one that the signature names."""
    files = sorted(path for path in folder.glob(f"{FINISHED}*") if path.suffix in PRINTED)
    return sorted(files, key=lambda path: path.name != f"{FINISHED}.stl")
