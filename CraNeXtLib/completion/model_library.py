"""Models by name: the bundled ones and those that the user added.

A model is a folder with ``weights.safetensors``, ``model.json`` (what the model is, how it was made, and a summary of
its scores), ``scores.csv`` (one line for each case) and ``MODEL_CARD.md``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.resources import BUNDLED, user_folder

DEFAULT_MODEL = "cranext_refined"
PREVIEW_MODEL = "pca_skull"
"""Takes a third of the time, needs no PyTorch, and is nearly as good."""
FORMAT_VERSION = 1
SCORES_FILE, CARD = "scores.csv", "MODEL_CARD.md"
_CHECKPOINT_SUFFIXES = (".pth", ".pt", ".ckpt", ".h5", ".safetensors")


@dataclass(frozen=True)
class Model:
    """A model folder whose description was read. Its weights are not loaded.

    Args:
        folder: The folder.
        description: The content of its ``model.json``.
    """

    folder: Path
    description: dict[str, Any]

    @property
    def name(self) -> str:
        """The name that selects it."""
        return self.description["name"]

    @property
    def sha256(self) -> str:
        """SHA-256 of the weights file according to the description."""
        return self.description["sha256"]

    @property
    def label(self) -> str:
        """Name and abbreviated hash of the weights, for bug reports."""
        return f"{self.name}, weights {self.sha256[:12]}"

    @property
    def weights(self) -> Path:
        """The weights file, in safetensors format."""
        return self.folder / "weights.safetensors"

    @property
    def bundled(self) -> bool:
        """Whether it comes with the software."""
        return self.folder.parent == BUNDLED


def available() -> list[Model]:
    """Return the models that can be selected by name, bundled ones first. Damaged folders are left out."""
    return [*_readable(sorted(BUNDLED.glob("*/"))), *_readable(sorted(user_folder().glob("*/")))]


def find(name_or_path: str | Path = DEFAULT_MODEL) -> Model:
    """Return the model of that name, or in that folder.

    Raises:
        InputError: If there is no such model, or its description cannot be used.
    """
    path = Path(name_or_path)
    if (path / "model.json").is_file():
        return read_model_folder(path)
    if path.suffix in _CHECKPOINT_SUFFIXES:
        raise InputError(f"{path.name} is a checkpoint; first run: cranext models import {path}")
    models = available()
    for model in models:
        if model.name == str(name_or_path):
            return model
    raise InputError(f"There is no model '{name_or_path}'; choose one of: {', '.join(m.name for m in models)}.")


def _readable(folders: list[Path]) -> Iterator[Model]:
    for folder in folders:
        try:
            yield read_model_folder(folder)
        except InputError:
            continue


def read_model_folder(folder: Path) -> Model:
    """Return the model in a folder without loading its weights.

    Raises:
        InputError: If the folder holds no model, or one that was made for a newer version.
    """
    try:
        description = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        version = description["format_version"]
        if not {"name", "kind", "sha256"} <= set(description):
            raise KeyError("name, kind or sha256")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{folder} is not a model folder: its model.json is missing or damaged.") from error
    if version > FORMAT_VERSION:
        raise InputError(f"The model in {folder} was made for a newer version; update CraNeXt.")
    return Model(folder, description)
