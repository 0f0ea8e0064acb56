"""Names and addresses of exported cases."""

from __future__ import annotations

import re
from pathlib import Path

ROUTE = "/export"
"""Address below which the server gives the exported files."""


def file_name(name: str) -> str:
    """Return a name reduced to what addresses and every system's file names may contain.

    >>> file_name("../Müller: 3/4")
    'M-ller-3-4'
    """
    return re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-.")[:80] or "case"


def exported_file(folder: Path, name: str) -> Path | None:
    """Return an exported file by its path in the address, None if there is none."""
    path = (folder / name).resolve()
    return path if path.is_relative_to(folder.resolve()) and path.is_file() else None
