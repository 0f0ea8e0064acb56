"""Training configurations from presets, YAML files and single settings."""

from __future__ import annotations

import types
import typing
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.text import read_yaml
from CraNeXtLib.training.config import PRESETS, NetworkConfig, TrainingConfig, presets


def read_config(preset_or_path: str | Path, *, overrides: dict[str, Any] | None = None) -> TrainingConfig:
    """Read a preset by name, or a YAML file; what it does not set has its default.

    A file may name a preset, or another file, to start from as ``preset: NAME``.

    Args:
        preset_or_path: Name of a preset, or the file.
        overrides: Values that go before those of the file, in sections as in the file.

    Raises:
        InputError: If there is no such preset or file, or a key or value in it is wrong; it is named.
    """
    path = Path(preset_or_path)
    if str(preset_or_path) in presets():
        path = PRESETS / f"{preset_or_path}.yaml"
    values = _merged({"network": asdict(NetworkConfig())}, _read_values(path, ()))
    return _build(TrainingConfig, _merged(values, overrides or {}), "")


def _read_values(path: Path, below: tuple[Path, ...]) -> dict[str, Any]:
    """Return what a file sets, on top of what it starts from; ``below`` are the files that start from it."""
    try:
        values = read_yaml(path)
    except OSError as error:
        place, name = ("preset: ", path.name) if below else ("", path)
        raise InputError(
            f"{place}'{name}' is neither a preset ({', '.join(presets())}) nor a readable file."
        ) from error
    start = values.pop("preset", None)
    if start is None:
        return values
    first = PRESETS / f"{start}.yaml" if start in presets() else path.parent / str(start)
    if first in (path, *below):
        raise InputError(f"preset: {first.name} starts from itself.")
    return _merged(_read_values(first, (path, *below)), values)


def print_config(config: TrainingConfig | None = None) -> str:
    """Return a configuration as YAML with every key; by default that of all defaults."""
    import yaml

    values = _plain(asdict(config or TrainingConfig()))
    return yaml.safe_dump(values, sort_keys=False, default_flow_style=None, width=100)


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return the values of both, section by section; ``above`` wins."""
    result = dict(below)
    for key, value in above.items():
        inner = isinstance(value, dict) and isinstance(result.get(key), dict) and key not in ("defects", "options")
        result[key] = _merged(result[key], value) if inner else value
    if "options" in below and above.get("name", below["name"]) != below["name"]:
        result["options"] = above.get("options", {})  # of another network
    return result


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _build(kind: type, values: Any, place: str) -> Any:
    """Turn a mapping into a dataclass; every key must be one of its fields."""
    if not isinstance(values, dict):
        raise InputError(f"{place or 'The configuration'} must be a section with keys, not {values!r}.")
    known = {f.name for f in fields(kind)}
    hints = typing.get_type_hints(kind)
    arguments = {}
    for key, value in values.items():
        where = f"{place}.{key}" if place else str(key)
        if key not in known:
            raise InputError(f"There is no setting '{where}'; in its place there are {', '.join(sorted(known))}.")
        arguments[key] = _value(hints[key], value, where)
    return kind(**arguments)


def _value(hint: Any, value: Any, where: str) -> Any:
    """Return a value as the type that its field asks for."""
    if is_dataclass(hint):
        return _build(hint, value, where)
    origin, options = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        # YAML reads 32 as a number.
        if str(value) in options:
            return str(value)
        raise InputError(f"{where} is {value!r}; choose one of {', '.join(options)}.")
    if origin is tuple and options[-1] is Ellipsis:
        if isinstance(value, list):
            return tuple(_value(options[0], item, where) for item in value)
        raise InputError(f"{where} is {value!r}; give a list in brackets.")
    if origin is tuple:
        if isinstance(value, list) and len(value) == len(options):
            return tuple(_value(option, item, where) for option, item in zip(options, value, strict=True))
        raise InputError(f"{where} is {value!r}; give {len(options)} numbers in brackets.")
    if origin is dict:
        if not isinstance(value, dict):
            raise InputError(f"{where} is {value!r}; give keys and values.")
        return {str(key): _value(options[1], item, f"{where}.{key}") for key, item in value.items()}
    if hint is float and isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            return float(value)  # YAML reads 1e-3 as text
        except ValueError:
            pass
    elif hint is Any or (isinstance(value, hint) and not (hint is int and isinstance(value, bool))):
        return value
    name = hint.__name__ if isinstance(hint, type) and not isinstance(hint, types.GenericAlias) else str(hint)
    raise InputError(f"{where} is {value!r}; it must be of type {name}.")
