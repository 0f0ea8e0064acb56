"""Reading training configurations from presets, YAML files and single settings."""

from __future__ import annotations

import typing
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal

from CraNeXtLib.core.errors import InputError, shown
from CraNeXtLib.core.files.reading import shortened
from CraNeXtLib.core.files.text import read_yaml
from CraNeXtLib.training.config import PRESETS, NetworkConfig, TrainingConfig, presets
from CraNeXtLib.training.samples.input_kind import input_kind

_LONGEST_TEXT = 4000
_UNUSABLE = {"\0", *map(chr, range(0xD800, 0xE000))}
"""NUL and halves of characters, which no file and no path can hold."""


def read_config(preset_or_path: str | Path, *, overrides: dict[str, Any] | None = None) -> TrainingConfig:
    """Read a preset by name, or a YAML file; settings that it does not name have their defaults.

    A file may start from a preset, or from another file, with ``preset: NAME``.

    Args:
        preset_or_path: Name of a preset, or the file.
        overrides: Values that take precedence over those of the file, in sections as in the file.

    Raises:
        InputError: If there is no such preset or file, or a key or value is wrong; the message names it.
    """
    path = Path(preset_or_path)
    if str(preset_or_path) in presets():
        path = PRESETS / f"{preset_or_path}.yaml"
    values = _merged({"network": asdict(NetworkConfig())}, _read_values(path, ()))
    config = TrainingConfig(**typed(TrainingConfig, _merged(values, overrides or {})))
    input_kind(config)  # refuses settings that do not suit the network's input
    return config


def _read_values(path: Path, started_from: tuple[Path, ...]) -> dict[str, Any]:
    """Return the values of a file, merged over those of the file that it starts from.

    Args:
        path: The file.
        started_from: The files that start from it, directly or not; none of them may be named again.
    """
    try:
        values = read_yaml(path)
    except OSError as error:
        where, name = ("preset: ", path.name) if started_from else ("", path)
        raise InputError(
            f"{where}'{shortened(Path(name))}' is neither a preset ({', '.join(presets())}) nor a readable file."
        ) from error
    start = values.pop("preset", None)
    if start is None:
        return values
    first = PRESETS / f"{start}.yaml" if start in presets() else path.parent / str(start)
    if first in (path, *started_from):
        raise InputError(f"preset: {first.name} starts from itself; name another preset or file.")
    return _merged(_read_values(first, (path, *started_from)), values)


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Merge two sets of values section by section; ``above`` takes precedence."""
    result = dict(below)
    for key, value in above.items():
        is_section = isinstance(value, dict) and isinstance(result.get(key), dict) and key not in ("defects", "options")
        result[key] = _merged(result[key], value) if is_section else value
    if "options" in below and above.get("name", below.get("name")) != below.get("name"):
        result["options"] = above.get("options", {})  # those below belong to another network
    return result


def typed(kind: type, values: Any, where: str = "") -> dict[str, Any]:
    """Return the values of a section as those that the fields of a dataclass take.

    Args:
        kind: The dataclass. Fields are numbers, text, choices, tuples, mappings, dataclasses or ``Any``.
        values: The section, as YAML gives it.
        where: Its name.

    Raises:
        InputError: If it is no section, a key is not the name of a field, or a value is of another type.
    """
    if not isinstance(values, dict):
        raise InputError(f"{where or 'The configuration'} must be a section with keys, not {shown(values)}.")
    hints = typing.get_type_hints(kind)
    known = sorted(item.name for item in fields(kind))
    arguments = {}
    for key, value in values.items():
        setting = f"{where}.{key}" if where else str(key)
        if key not in known:
            raise InputError(f"There is no setting '{setting[:60]}'; choose from {', '.join(known)}.")
        arguments[key] = _value(hints[key], value, setting)
    return arguments


def _value(hint: Any, value: Any, setting: str) -> Any:
    """Convert a value from YAML to the type of its field.

    Raises:
        InputError: If it is of another type.
    """
    if is_dataclass(hint):
        return typing.cast(type, hint)(**typed(typing.cast(type, hint), value, setting))
    origin, options = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        # YAML reads 32 as a number.
        if str(value) in options:
            return str(value)
        raise InputError(f"{setting} is {shown(value)}; choose one of {', '.join(options)}.")
    if origin is tuple and options[-1] is Ellipsis:
        if isinstance(value, list):
            return tuple(_value(options[0], item, setting) for item in value)
        raise InputError(f"{setting} is {shown(value)}; give a list in brackets.")
    if origin is tuple:
        if isinstance(value, list) and len(value) == len(options):
            return tuple(_value(option, item, setting) for option, item in zip(options, value, strict=True))
        raise InputError(f"{setting} is {shown(value)}; give {len(options)} numbers in brackets.")
    if origin is dict:
        if not isinstance(value, dict):
            raise InputError(f"{setting} is {shown(value)}; give keys and values.")
        return {str(key): _value(options[1], item, f"{setting}.{key}") for key, item in value.items()}
    return _free(value, setting) if hint is Any else _single(hint, value, setting)


def _single(kind: type, value: Any, setting: str) -> Any:
    """Return a number, a truth value or text.

    Raises:
        InputError: If it is of another type, or text that no file can be named.
    """
    # A truth value is an int for Python, but not for whoever writes "epochs: true".
    if kind is float and isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            return float(value)  # YAML reads 1e-3 as text
        except ValueError:
            pass
        except OverflowError:
            return value  # an integer beyond any range
    elif isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        if isinstance(value, str) and (set(value) & _UNUSABLE or len(value) > _LONGEST_TEXT):
            raise InputError(f"{setting} is {shown(value)}; use at most {_LONGEST_TEXT} ordinary letters.")
        return value
    raise InputError(f"{setting} is {shown(value)}; it must be of type {kind.__name__}.")


def _free(value: Any, setting: str) -> Any:
    """Return a value that any network may understand, as JSON could hold it.

    Raises:
        InputError: If it has a value that JSON does not have, such as a date.
    """
    if isinstance(value, dict):
        return {str(key): _free(item, f"{setting}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_free(item, setting) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str | int | float):
        return _single(type(value), value, setting)
    raise InputError(f"{setting} is {shown(value)}; give numbers, text, lists, or keys and values.")
