"""The description of the finished part in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from CraNeXtLib.cases.earlier_description import of_today
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.text import read_json

_DESCRIPTIONS = ("finish.json", "result.json")


def finished_description(folder: Path) -> tuple[str, dict[str, Any]]:
    """Return name and content of the JSON file that describes the finished part in a folder.

    Raises:
        InputError: If there is no such folder, no finished part in it, or a description that cannot be read.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}; check the path.")
    for name in _DESCRIPTIONS:
        if (folder / name).is_file():
            content = read_json(folder / name)
            if not isinstance(content, dict) or not content.get("finishing"):
                continue
            if not content.get("verdict"):
                raise InputError(f"{name} is of an earlier version and has no verdict; make the part again.")
            try:
                return name, of_today(content)
            except (AttributeError, KeyError, TypeError) as error:
                raise InputError(f"{name} is damaged; restore it, or make the part again.") from error
    raise InputError(
        f"{folder} has no finished part; give the folder that cranext reconstruct or cranext finish wrote one into."
    )
