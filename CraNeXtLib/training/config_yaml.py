"""A training configuration as YAML."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from CraNeXtLib.core.files.text import yaml_text
from CraNeXtLib.training.config import TrainingConfig


def config_as_yaml(config: TrainingConfig | None = None) -> str:
    """Return a configuration as YAML with every key; by default that of all defaults."""
    return yaml_text(_as_lists(asdict(config or TrainingConfig())))


def portable_values(config: TrainingConfig) -> dict[str, Any]:
    """Return the values of a configuration without the paths of one computer, as they are kept in ``model.json``."""
    values: dict[str, Any] = _as_lists(asdict(config))
    values["data"] |= {"manifest": "", "more_manifests": [], "cache": ""}
    return values


def _as_lists(value: Any) -> Any:
    """Replace tuples, which YAML and JSON do not know, by lists."""
    if isinstance(value, dict):
        return {key: _as_lists(item) for key, item in value.items()}
    return [_as_lists(item) for item in value] if isinstance(value, list | tuple) else value
