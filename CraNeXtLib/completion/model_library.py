"""Models by name: the bundled ones and those that the user added.

A model is a folder with ``weights.safetensors``, ``model.json`` (what the model is, how it was made, and a summary of
its scores), ``scores.csv`` (one line for each case) and ``MODEL_CARD.md``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.reading import is_file, shortened
from CraNeXtLib.core.files.text import read_json
from CraNeXtLib.core.resources import BUNDLED, user_folder
from CraNeXtLib.networks import NUMPY_NAMES

DEFAULT_MODEL = "cranext_refined"
PREVIEW_MODEL = "pca_skull"
"""Takes a third of the time, and is nearly as good."""
FORMAT_VERSION = 2
"""Of new model folders: since 2, kernels may be 8-bit integers. Folders of version 1 are read, too."""
SCORES_FILE, CARD = "scores.csv", "MODEL_CARD.md"
_LONGEST_NAME = 100
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
    def extras(self) -> tuple[str, ...]:
        """The extras of the package that it needs on the CPU, such as ``"torch"``."""
        kind, network = self.description["kind"], self.description.get("network")
        if kind == "pca_skull_official":
            return ("ants",)
        light = kind != "network" or (isinstance(network, dict) and network.get("name") in NUMPY_NAMES)
        regions = ("ants",) if self.description.get("input") == "labels" else ()
        return (*(() if light else ("torch",)), *regions)

    @property
    def bundled(self) -> bool:
        """Whether it comes with the software."""
        return self.folder.parent == BUNDLED


@dataclass(frozen=True)
class BrokenModel:
    """A folder among the models that cannot be used as one.

    Args:
        folder: The folder.
        reason: What is wrong with it, as a sentence.
    """

    folder: Path
    reason: str

    @property
    def label(self) -> str:
        """Name of the folder and what is wrong with it, for bug reports."""
        return f"{self.folder.name}, broken: {self.reason}"


def available() -> list[Model]:
    """Return the models that can be selected by name, bundled ones first. Broken folders are left out."""
    return [model for model in available_and_broken() if isinstance(model, Model)]


def available_and_broken() -> list[Model | BrokenModel]:
    """Return all model folders, bundled ones first, with the reason for each that cannot be used."""
    found: list[Model | BrokenModel] = []
    for parent in (BUNDLED, user_folder()):
        for folder in sorted(parent.glob("[!.]*/")):
            try:
                found.append(read_model_folder(folder))
            except InputError as error:
                found.append(BrokenModel(folder, str(error)))
    return found


def find(name_or_path: str | Path = DEFAULT_MODEL) -> Model:
    """Return the model of that name, or in that folder.

    Raises:
        InputError: If there is no such model, or its description cannot be used.
    """
    path = Path(name_or_path)
    if is_file(path / "model.json"):
        return read_model_folder(path)
    if path.suffix in _CHECKPOINT_SUFFIXES:
        raise InputError(f"{path.name} is a checkpoint; first run: cranext models import {path}")
    found = available_and_broken()
    models = [model for model in found if isinstance(model, Model)]
    for model in models:
        if model.name == str(name_or_path):
            return model
    for broken in found:
        if isinstance(broken, BrokenModel) and broken.folder.name == str(name_or_path):
            raise InputError(broken.reason)
    names = ", ".join(model.name for model in models)
    raise InputError(f"There is no model '{shortened(path)}'; choose one of: {names}.")


def read_model_folder(folder: Path) -> Model:
    """Return the model in a folder without loading its weights.

    Raises:
        InputError: If the folder holds no model, or one that was made for a newer version.
    """
    file = folder / "model.json"
    if not is_file(file):
        raise InputError(f"{shortened(folder)} is not a model folder: its model.json is missing.")
    try:
        description = read_json(file)
        if not isinstance(description, dict):
            raise InputError("It must hold keys and values.")
        _check_version(description)
        for key in ("name", "kind", "sha256"):
            if not isinstance(description.get(key), str):
                raise InputError(f"'{key}' must be text.")
        check_model_name(description["name"])
    except _NewerVersionError as error:
        raise InputError(f"The model in {folder} was made for a newer version; update CraNeXt.") from error
    except InputError as error:
        raise InputError(f"{folder} is not a model folder: its model.json is damaged. {error}") from error
    return Model(folder, description)


def check_model_name(name: str) -> None:
    """Refuse a name that cannot be that of a model and of its folder.

    Raises:
        InputError: If it has other characters than letters, digits, spaces, '.', '_' and '-', or too many, or ends with
            a space or a period.
    """
    usable = re.fullmatch(r"[A-Za-z0-9][\w .-]*", name) and name == name.rstrip(" .")
    if not usable or len(name.encode()) > _LONGEST_NAME:
        raise InputError(
            f"{name[:60]!r} cannot be the name of a model; use up to {_LONGEST_NAME} letters, digits, spaces, '.', '_' "
            "and '-'."
        )


class _NewerVersionError(InputError):
    """A model was made for a newer version."""


def _check_version(description: dict[str, Any]) -> None:
    version = description.get("format_version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise InputError("'format_version' must be a whole number.")
    if version > FORMAT_VERSION:
        raise _NewerVersionError
