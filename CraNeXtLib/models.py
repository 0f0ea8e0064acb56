"""Models by name: the bundled ones, those the user added, and the authors' published checkpoint.

A model is a folder: ``weights.safetensors``, ``model.json`` (what it is, how it was made, and its scores in short),
``scores.csv`` (one line a case) and ``MODEL_CARD.md``.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from CraNeXtLib.completion import Proposal
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import new_folder
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.core.resources import BUNDLED, user_folder
from CraNeXtLib.geometry.volume import Volume

DEFAULT_MODEL = "cranext_refined"
PREVIEW_MODEL = "pca_skull"  # takes a third of the time and no PyTorch, and is nearly as good
FORMAT_VERSION = 1
SCORES_FILE, CARD = "scores.csv", "MODEL_CARD.md"
_CHECKPOINT_SUFFIXES = (".pth", ".pt", ".ckpt", ".h5", ".safetensors")


class Completer(Protocol):
    """A loaded model: it proposes a complete skull for a defective one."""

    def propose(self, skull: Volume, *, device: str, progress: Callable[[float], None]) -> Proposal:
        """Return the proposal for a mask; see :class:`CraNeXtLib.completion.Proposal`."""


@dataclass(frozen=True)
class Model:
    """A model folder that was found and understood, its weights not loaded yet.

    Args:
        folder: Where it lies.
        description: The content of its ``model.json``.
    """

    folder: Path
    description: dict[str, Any]

    @property
    def name(self) -> str:
        """The name to choose it by."""
        return self.description["name"]

    @property
    def sha256(self) -> str:
        """SHA-256 of the weights, as in the description."""
        return self.description["sha256"]

    @property
    def weights(self) -> Path:
        """The weights' file."""
        return self.folder / "weights.safetensors"

    @property
    def bundled(self) -> bool:
        """Whether it came with the software."""
        return self.folder.parent == BUNDLED

    def load(self) -> Completer:
        """Load the weights, after checking that they are those that the description names.

        Raises:
            InputError: If the weights are missing, changed, or do not fit.
        """
        if not self.weights.is_file() or sha256_of(self.weights) != self.sha256:
            raise InputError(f"The weights of model '{self.name}' are missing or changed; import or install it again.")
        kind = self.description["kind"]
        if kind == "network":
            from CraNeXtLib.network_completion import NetworkCompleter

            return NetworkCompleter.load(self)
        if kind == "pca_skull":
            from CraNeXtLib.pca_skull.completion import PCACompleter

            return PCACompleter.load(self)
        if kind == "pca_skull_official":
            from CraNeXtLib.pca_skull.official import OfficialPCACompleter

            return OfficialPCACompleter.load(self)
        if kind == "refined":
            from CraNeXtLib.refined_completion import RefinedCompleter

            return RefinedCompleter.load(self)
        raise InputError(f"Model '{self.name}' is of kind '{kind}', which this version does not know; update CraNeXt.")


def available() -> list[Model]:
    """Return the models that can be chosen by name, bundled first. A damaged folder is left out."""
    return [*_readable(sorted(BUNDLED.glob("*/"))), *_readable(sorted(user_folder().glob("*/")))]


def find(name_or_path: str | Path = DEFAULT_MODEL) -> Model:
    """Return the model of that name, or in that folder.

    Raises:
        InputError: If there is none, or its description cannot be used.
    """
    path = Path(name_or_path)
    if (path / "model.json").is_file():
        return _read(path)
    if path.suffix in _CHECKPOINT_SUFFIXES:
        raise InputError(f"{path.name} is a checkpoint; first run: cranext models import {path}")
    models = available()
    for model in models:
        if model.name == str(name_or_path):
            return model
    raise InputError(f"There is no model '{name_or_path}'; choose one of: {', '.join(m.name for m in models)}.")


def import_model(source: str | Path, *, name: str | None = None) -> Model:
    """Copy a model folder, or convert the authors' checkpoint, into the user's folder.

    Args:
        source: A model folder, or a published checkpoint of CraNeXt or 3DUNetCNN (``.pth``, ``.h5``, safetensors).
        name: What to call it; by default its own name, or its network's with ``-published`` for a checkpoint.

    Raises:
        InputError: If the source is no model, or a model of that name is there already.
    """
    source = Path(source)
    if source.is_dir():
        model = _read(source)
        model.load()
        description, write_weights = dict(model.description), partial(shutil.copyfile, model.weights)
    else:
        from CraNeXtLib.network_completion import read_published_checkpoint

        description, write_weights = read_published_checkpoint(source)
    description["name"] = name or description["name"]
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", description["name"]):
        raise InputError(f"'{description['name']}' cannot be a model's name; use letters, digits, '.', '_' and '-'.")
    if any(model.name == description["name"] for model in available()):
        raise InputError(f"There is a model '{description['name']}' already; give this one another name (--name).")
    target = user_folder() / description["name"]
    with new_folder(target) as folder:
        write_weights(folder / "weights.safetensors")
        description["sha256"] = sha256_of(folder / "weights.safetensors")
        (folder / "model.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
        for file in (source / CARD, source / SCORES_FILE):
            if file.is_file():
                shutil.copyfile(file, folder / file.name)
    return _read(target)


def export_model(name: str, folder: str | Path) -> Path:
    """Copy a model's folder into another folder, under its name, and return the copy.

    Raises:
        InputError: If there is no such model, or the copy's place is taken.
    """
    model = find(name)
    target = Path(folder) / model.name
    with new_folder(target) as new:
        shutil.copytree(model.folder, new, dirs_exist_ok=True)
    return target


def delete_model(name: str) -> None:
    """Delete a model that the user added.

    Raises:
        InputError: If there is no such model, or it is a bundled one.
    """
    model = find(name)
    if model.folder.parent != user_folder():
        raise InputError(f"'{name}' is not among the models you added; only those can be deleted.")
    shutil.rmtree(model.folder)


def _readable(folders: list[Path]) -> Iterator[Model]:
    for folder in folders:
        try:
            yield _read(folder)
        except InputError:
            continue


def _read(folder: Path) -> Model:
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
