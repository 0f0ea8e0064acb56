"""Names of cases that become names of files and folders."""

from __future__ import annotations

import unicodedata

from CraNeXtLib.core.errors import InputError

_LONGEST = 200
"""Bytes of UTF-8; file systems allow 255, and suffixes are added."""


def check_name(name: str, of: str = "The case name") -> None:
    """Refuse a name that cannot be that of a file.

    Args:
        name: The name.
        of: What it is, for the message.

    Raises:
        InputError: If it is empty or too long, begins with a period, or has slashes or characters that cannot be shown,
            such as line breaks.
    """
    hidden = any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name)
    if not name.strip() or name.startswith(".") or set(name) & set("/\\") or hidden:
        raise InputError(f"{of} {name!r} cannot be a file name; use letters, digits, - and _.")
    if len(name.encode()) > _LONGEST:
        raise InputError(f"{of} '{name[:40]}…' is too long; use at most {_LONGEST} letters.")
