"""Importing, exporting and deleting models."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from CraNeXtLib.completion.model_library import (
    CARD,
    SCORES_FILE,
    Model,
    available,
    check_model_name,
    find,
    read_model_folder,
)
from CraNeXtLib.completion.model_loading import check_weights, try_model
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import new_folder, writing
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.core.files.reading import real_path
from CraNeXtLib.core.files.text import json_text, write_text
from CraNeXtLib.core.resources import user_folder


def import_model(source: str | Path, *, name: str | None = None) -> Model:
    """Add a model to the user's folder: copy a model folder, or convert a published checkpoint.

    Args:
        source: A model folder, or a published checkpoint of CraNeXt or 3DUNetCNN (``.pth``, ``.h5``, safetensors).
        name: Name of the new model; by default the folder's own, or for a checkpoint that of the network with
            ``-published``.

    Raises:
        InputError: If the source is not a model or does not work, or the name is taken or cannot be used.
    """
    source = Path(source)
    if source.is_dir():
        model = read_model_folder(source)
        check_weights(model)
        description = dict(model.description)
        write_weights: Callable[[Path], object] = partial(shutil.copyfile, model.weights)
    else:
        from CraNeXtLib.completion.published_checkpoint import read_published_checkpoint  # needs PyTorch

        description, write_weights = read_published_checkpoint(source)
    description["name"] = name or description["name"]
    check_model_name(description["name"])
    if any(model.name == description["name"] for model in available()):
        raise InputError(f"A model named '{description['name']}' already exists; give this one another name (--name).")
    target = user_folder() / description["name"]
    with new_folder(target) as folder:
        write_weights(folder / "weights.safetensors")
        description["sha256"] = sha256_of(folder / "weights.safetensors")
        write_text(folder / "model.json", json_text(description, indent=2))
        for file in (source / CARD, source / SCORES_FILE):
            if file.is_file():
                shutil.copyfile(file, folder / file.name)
        try_model(read_model_folder(folder))
    return read_model_folder(target)


def export_model(name: str, folder: str | Path) -> Path:
    """Copy a model's folder into another folder and return the copy, which bears the model's name.

    Raises:
        InputError: If there is no such model, or the folder already holds something of that name.
    """
    model = find(name)
    target = Path(folder) / model.name
    with writing(target):
        real = real_path(target)
    if real.is_relative_to(real_path(model.folder)):
        raise InputError(f"{folder} is the folder of the model itself; choose another one.")
    with new_folder(target) as new:
        try:
            shutil.copytree(model.folder, new, dirs_exist_ok=True)
        except shutil.Error as error:  # it has a list of files, and no reason of its own
            name = Path(error.args[0][0][0]).name
            raise InputError(f"{name} cannot be copied to {folder}; free some space, or choose another one.") from error
    return target


def delete_model(name: str) -> None:
    """Delete a model that the user added; of a link to a folder elsewhere, the link only.

    Raises:
        InputError: If there is no such model, it comes with the software, or its files cannot be deleted.
    """
    model = find(name)
    if model.folder.parent != user_folder():
        raise InputError(f"'{name}' is not a model that you added; only those can be deleted.")
    with writing(model.folder):
        if model.folder.is_symlink():
            model.folder.unlink()
        else:
            shutil.rmtree(model.folder)
