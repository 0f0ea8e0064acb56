"""Models that the user adds: import, export, delete."""

from __future__ import annotations

import json
import re
import shutil
from functools import partial
from pathlib import Path

from CraNeXtLib.completion.model_library import CARD, SCORES_FILE, Model, available, find, read_model_folder
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import new_folder
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.core.resources import user_folder


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
        model = read_model_folder(source)
        load_model(model)
        description, write_weights = dict(model.description), partial(shutil.copyfile, model.weights)
    else:
        from CraNeXtLib.completion.published_checkpoint import read_published_checkpoint  # needs torch

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
    return read_model_folder(target)


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
