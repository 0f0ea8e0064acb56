"""Text files, strict JSON and strict YAML; files appear whole or not at all."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from CraNeXtLib.core.errors import InputError, shown
from CraNeXtLib.core.files.atomic import replacing
from CraNeXtLib.core.files.reading import file_size, is_file, opened

_MOST_BYTES = 64 << 20
"""Manifests of all skulls in the world, tables and configurations are smaller."""


def write_text(path: str | Path, text: str) -> None:
    """Write a text file in UTF-8, with the line breaks of the text on every system.

    Raises:
        InputError: If the file cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def json_text(content: object, *, indent: int | None = 1) -> str:
    """Return strict JSON, with null for every number that is infinite or undefined."""

    def finite(value: object) -> object:
        if isinstance(value, dict):
            return {key: finite(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [finite(item) for item in value]
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return json.dumps(finite(content), indent=indent, allow_nan=False) + "\n"


def read_text(path: Path, *, kind: str = "text file") -> str:
    """Return the text of a file in UTF-8, with or without a byte-order mark.

    Args:
        path: The file.
        kind: What it should be, for messages.

    Raises:
        InputError: If it cannot be read, is no regular file, not in UTF-8, or larger than any such file.
    """
    size = file_size(path)
    if size > _MOST_BYTES:
        raise InputError(f"{path.name} has {size >> 20} MiB, too much for a {kind}; check that it is the right file.")
    try:
        with opened(path) as file:
            return file.read(_MOST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} is not a {kind} in UTF-8; save it as one.") from error


def read_json(path: Path) -> Any:
    """Return the content of a JSON file.

    Raises:
        InputError: As :func:`read_text`, or if it is not valid JSON, repeats a key, of which the last would silently
            win, or holds numbers or text that cannot be used.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in pairs:
            if key in result:
                raise InputError(f"{path.name}: the key {shown(key)} is duplicated.")
            result[key] = value
        return result

    def refused(constant: str) -> None:
        raise InputError(f"{path.name} contains {constant}, which is not valid JSON.")

    text = read_text(path, kind="JSON file")
    try:
        content = json.loads(text, object_pairs_hook=unique, parse_constant=refused)
        json.dumps(content, ensure_ascii=False).encode()  # fails for halves of characters such as \\ud800
    except json.JSONDecodeError as error:
        raise InputError(f"{path.name} is not valid JSON (line {error.lineno}).") from error
    except RecursionError as error:
        raise InputError(f"{path.name} is nested too deeply; check that it is the right file.") from error
    except UnicodeEncodeError as error:
        raise InputError(f"{path.name} contains half a character, such as \\ud800; write it whole.") from error
    except InputError:
        raise
    except ValueError as error:  # a number with more digits than Python converts
        raise InputError(f"{path.name} contains a number with too many digits.") from error
    return content


def yaml_text(values: dict[str, Any]) -> str:
    """Return keys and values as YAML that :func:`read_yaml` accepts: what repeats is written out, not as an alias."""
    import yaml

    class PlainDumper(yaml.SafeDumper):
        def ignore_aliases(self, _data: Any) -> bool:
            return True

    return yaml.dump(values, Dumper=PlainDumper, sort_keys=False, default_flow_style=None, width=100)


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the keys and values of a YAML file.

    Raises:
        InputError: If it is not valid YAML, does not hold keys and values, or repeats a key, of which YAML would
            silently take the last.
        OSError: If the file does not exist or cannot be read.
    """
    import yaml

    class StrictLoader(yaml.SafeLoader):
        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):  # aliases of aliases grow beyond any memory
                line = self.peek_event().start_mark.line + 1
                raise InputError(f"{path.name}, line {line}: aliases (*) are not allowed; write the value out.")
            return super().compose_node(parent, index)

        def construct_scalar(self, node: Any) -> Any:
            value = super().construct_scalar(node)
            value.encode()  # fails for halves of characters such as \\ud800
            return value

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen: set[str] = set()
            for key_node, _ in node.value:
                where = f"{path.name}, line {key_node.start_mark.line + 1}"
                if not isinstance(key_node, yaml.ScalarNode):
                    raise InputError(f"{where}: a list or section cannot be a key.")
                if key_node.value in seen:
                    raise InputError(f"{where}: {shown(key_node.value)} is duplicated.")
                seen.add(key_node.value)
            return super().construct_mapping(node, deep)

    if not is_file(path):
        raise FileNotFoundError(path)
    text = read_text(path, kind="YAML file")
    try:
        values = yaml.load(text, StrictLoader) or {}
        repr(values)  # fails for numbers that messages could not show
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise InputError(f"{path.name}{line} is not valid YAML.") from error
    except RecursionError as error:
        raise InputError(f"{path.name} is nested too deeply; check that it is the right file.") from error
    except (InputError, MemoryError):
        raise
    except Exception as error:  # PyYAML raises many kinds for a date in a 13th month, 5000 digits, or a wrong tag
        raise InputError(f"{path.name} contains a value that cannot be read; put text in quotes.") from error
    if not isinstance(values, dict):
        raise InputError(f"{path.name} must hold keys and values.")
    return values
