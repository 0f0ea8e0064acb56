"""The description of the finished part in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.text import read_json

_DESCRIPTIONS = ("finish.json", "result.json")


def finished_description(folder: Path) -> tuple[str, dict[str, Any]]:
    """Return name and content of the JSON file that describes the finished part in a folder.

    Raises:
        InputError: If there is no such folder, or no finished part in it.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}; check the path.")
    for name in _DESCRIPTIONS:
        if (folder / name).is_file():
            content = read_json(folder / name)
            if isinstance(content, dict) and content.get("finishing") and content.get("verdict"):
                return name, content
    raise InputError(
        f"{folder} has no finished part; give the folder that cranext reconstruct or cranext finish wrote one into."
    )
