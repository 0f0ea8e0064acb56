"""What makes a folder a released one, into which no run writes any more."""

from __future__ import annotations

import json
from pathlib import Path

from CraNeXtLib.core.errors import InputError

RELEASE_FILE = "release.json"
RELEASE_FORMAT = "cranext-release"


def is_released(folder: Path) -> bool:
    """Return whether a folder was released; a damaged release counts, but not another program's file of its name."""
    try:
        content = json.loads((folder / RELEASE_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    except (OSError, ValueError, RecursionError):
        return True
    return isinstance(content, dict) and content.get("format") == RELEASE_FORMAT


def refuse_released(folder: Path) -> None:
    """Refuse to write into a released folder.

    Raises:
        InputError: If the folder was released.
    """
    if is_released(folder):
        raise InputError(f"{folder} was released, and nothing in it may change; choose another folder.")
