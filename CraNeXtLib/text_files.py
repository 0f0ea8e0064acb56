"""Text and strict JSON in files that appear whole or not at all."""

from __future__ import annotations

import json
import math
from pathlib import Path

from CraNeXtLib.atomic_files import replacing


def write_text(path: str | Path, text: str) -> None:
    """Write a text file.

    Raises:
        InputError: If the folder or the disk refuses the file.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def json_text(content: object) -> str:
    """Return strict JSON, in which null stands for infinite and undefined numbers."""

    def finite(value: object) -> object:
        if isinstance(value, dict):
            return {key: finite(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [finite(item) for item in value]
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return json.dumps(finite(content), indent=1, allow_nan=False) + "\n"
