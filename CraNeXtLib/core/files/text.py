"""Text files, strict JSON and strict YAML; files appear whole or not at all."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import replacing


def write_text(path: str | Path, text: str) -> None:
    """Write a text file in UTF-8.

    Raises:
        InputError: If the file cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def json_text(content: object, *, indent: int | None = 1) -> str:
    """Return strict JSON, with null for every number that is infinite or undefined."""

    def finite(value: object) -> object:
        if isinstance(value, dict):
            return {key: finite(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [finite(item) for item in value]
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return json.dumps(finite(content), indent=indent, allow_nan=False) + "\n"


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the keys and values of a YAML file.

    Raises:
        InputError: If it is not valid YAML, does not hold keys and values, or repeats a key, of which YAML would
            silently take the last.
        OSError: If the file does not exist or cannot be read.
    """
    import yaml

    class StrictLoader(yaml.SafeLoader):
        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            values: dict[Any, Any] = {}
            for key_node, _ in node.value:
                key = self.construct_object(key_node, deep=True)
                if key in values:
                    raise InputError(f"{path.name}, line {key_node.start_mark.line + 1}: '{key}' is duplicated.")
                values[key] = None
            return super().construct_mapping(node, deep)

    try:
        values = yaml.load(path.read_text(encoding="utf-8"), StrictLoader) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise InputError(f"{path.name}{line} is not valid YAML.") from error
    if not isinstance(values, dict):
        raise InputError(f"{path.name} must hold keys and values.")
    return values
