"""Writing model folders: weights, description, scores and card."""

from __future__ import annotations

import csv
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from CraNeXtLib.cases.model_scoring import Row, scores_of
from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.face_completer import PREFIX as FACE_PREFIX
from CraNeXtLib.completion.model_library import CARD, FORMAT_VERSION, SCORES_FILE
from CraNeXtLib.completion.refined_completer import MEAN_SKULL, NETWORK_PREFIX
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.csv_tables import csv_text, plain
from CraNeXtLib.core.files.filling import filling
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.core.files.text import json_text
from CraNeXtLib.core.product import __version__
from CraNeXtLib.datasets.manifest import SPLITS
from CraNeXtLib.evaluation.cohort_statistics import PAPER_METRICS
from CraNeXtLib.networks.compact_weights import compacted
from CraNeXtLib.training.config import TrainingConfig
from CraNeXtLib.training.config_yaml import portable_values
from CraNeXtLib.training.output.model_card import OWN, model_card

_TEXT_COLUMNS = ("split", "case", "subject", "kind")
_COLUMNS = ("split", "spacing_mm", "case", "subject", "kind", *PAPER_METRICS, "diagonal_mm", "stray_pieces")


def write_network(
    folder: Path,
    weights: Mapping[str, Tensor],
    config: TrainingConfig,
    options: Mapping[str, Any],
    *,
    data: str,
    recipe: str = "",
) -> None:
    """Write a model that is a network alone: weights in half precision, and a description without scores.

    Args:
        folder: The folder; files of the same names in it are replaced.
        weights: The network's state dict.
        config: The run's configuration.
        options: The network's options, including the channels of its input.
        data: What the network was trained on, for the card.
        recipe: How it was trained, as far as the configuration does not tell.

    Raises:
        InputError: If a weight is not finite, or the folder cannot be written.
    """
    _write(folder, _halved(weights), {"kind": "network"}, config, options, data, recipe)


def write_refined_model(
    folder: Path,
    weights: Mapping[str, Tensor],
    config: TrainingConfig,
    options: Mapping[str, Any],
    mean_skull: np.ndarray,
    *,
    data: str,
    recipe: str = "",
) -> None:
    """Write a refined model, its kernels in 8 bits, with the network of the face of the model that it started from.

    Args:
        folder: The folder.
        weights: The state dict of the refining network.
        config: The run's configuration.
        options: The network's options.
        mean_skull: Occupancy of the mean skull on the network's grid.
        data: What the network was trained on.
        recipe: How it was trained.
    """
    from safetensors.torch import load_file

    shape_model = model_library.find("pca_skull")
    tensors = {f"{NETWORK_PREFIX}{name}": value for name, value in _compacted(weights).items()}
    tensors[MEAN_SKULL] = torch.from_numpy(np.round(255 * mean_skull).astype(np.uint8))
    kind: dict[str, Any] = {
        "kind": "refined",
        "shape_model": {"name": shape_model.name, "sha256": shape_model.sha256},
    }
    start = config.network.start_from
    base = model_library.find(start) if start else None
    if base and "face" in base.description:
        tensors |= {key: value for key, value in load_file(base.weights).items() if key.startswith(FACE_PREFIX)}
        kind["face"] = base.description["face"]
    _write(folder, tensors, kind, config, options, data, recipe)


def write_face_model(
    folder: Path,
    weights: Mapping[str, Tensor],
    config: TrainingConfig,
    options: Mapping[str, Any],
    *,
    data: str,
    recipe: str = "",
) -> None:
    """Write the refined model ``network.face_of`` with another network of the face, see :func:`write_network`.

    Args:
        folder: The folder.
        weights: The state dict of the network of the face.
        config: The run's configuration.
        options: The network's options.
        data: What the network was trained on.
        recipe: How it was trained.
    """
    from safetensors.torch import load_file, save

    base = model_library.find(config.network.face_of)
    tensors = {key: value for key, value in load_file(base.weights).items() if not key.startswith(FACE_PREFIX)}
    tensors |= {f"{FACE_PREFIX}{key}": value for key, value in _compacted(weights).items()}
    with filling(folder) as new:
        file = new / "weights.safetensors"
        file.write_bytes(save(tensors))  # save_file to a full disk would raise an error of its own
        face = {
            "network": {"name": config.network.name, "options": dict(options)},
            "grid": {"name": "face", "shape": list(config.data.shape)},
            "data": data,
            "recipe": {"note": recipe, "config": portable_values(config)},
            "versions": _versions(),
        }
        changed = {"name": config.name, "licence": config.licence, "sha256": sha256_of(file), "face": face}
        write_description(new, base.description | changed | {"format_version": FORMAT_VERSION})


def _write(
    folder: Path,
    tensors: dict[str, Tensor],
    kind: dict[str, Any],
    config: TrainingConfig,
    options: Mapping[str, Any],
    data: str,
    recipe: str,
) -> None:
    from safetensors.torch import save

    with filling(folder) as new:
        file = new / "weights.safetensors"
        file.write_bytes(save(tensors))  # save_file to a full disk would raise an error of its own
        description = {
            "name": config.name,
            **kind,
            "format_version": FORMAT_VERSION,
            "network": {"name": config.network.name, "options": dict(options)},
            "placement": config.data.placement,
            "grid": {"name": config.data.grid, "shape": list(config.data.shape)},
            "target": config.data.target,
            "input": config.data.input,
            "threshold": 0.5,
            "sha256": sha256_of(file),
            "licence": config.licence,
            "data": data,
            "recipe": {"note": recipe, "config": portable_values(config)},
            "versions": _versions(),
        }
        write_description(new, description)


def _compacted(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    _check_finite(weights)
    arrays = {key: value.float().numpy() for key, value in weights.items()}
    return {key: torch.from_numpy(value) for key, value in compacted(arrays).items()}


def _check_finite(weights: Mapping[str, Tensor]) -> None:
    """Raise InputError if a weight is not finite."""
    if not all(torch.isfinite(value).all() for value in weights.values()):
        raise InputError("The weights are not all finite: the training diverged; lower optimization.learning_rate.")


def _halved(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    _check_finite(weights)
    return {key: value.half().contiguous() for key, value in weights.items()}


def _versions() -> dict[str, str]:
    return {"cranext": __version__, "torch": torch.__version__, "python": platform.python_version()}


def write_description(folder: Path, description: dict[str, Any], rows: Iterable[Row] = ()) -> None:
    """Write ``model.json``, the scores and the card of a model.

    Args:
        folder: The folder.
        description: What the model is; a summary of its scores is added.
        rows: Its scores: ``split``, ``spacing_mm`` and what ``CraNeXtLib.cases.model_scoring`` measures.
    """
    rows = sorted(rows, key=lambda row: (SPLITS.index(row["split"]), row["spacing_mm"]))
    own: dict[str, list[Row]] = {}
    for row in rows:
        if row["kind"] == OWN and not row["spacing_mm"]:
            own.setdefault(row["split"], []).append(row)
    description = description | {
        "scores": {split: scores_of(group) for split, group in own.items()},
        "scores_file": SCORES_FILE,
    }
    (folder / "model.json").write_text(json_text(description), encoding="utf-8")
    (folder / CARD).write_text(model_card(description, rows), encoding="utf-8")
    rounded = [{key: _rounded(value) for key, value in row.items()} for row in rows]
    (folder / SCORES_FILE).write_text(csv_text(rounded, _COLUMNS), encoding="utf-8", newline="")


def read_scores(folder: Path) -> list[Row]:
    """Return the scores in a model folder, one row for each case."""
    file = Path(folder) / SCORES_FILE
    if not file.is_file():
        return []
    with file.open(newline="", encoding="utf-8") as stream:
        return [
            {key: plain(value) if key in _TEXT_COLUMNS else float(value) for key, value in row.items()}
            for row in csv.DictReader(stream)
        ]


def add_scores(folder: Path, rows: Iterable[Row]) -> None:
    """Add scores to a model folder, in place of older ones of the same cases, and write its card again."""
    scores = {(row["split"], row["spacing_mm"], row["case"]): row for row in [*read_scores(folder), *rows]}
    with filling(folder) as new:
        write_description(new, dict(model_library.find(folder).description), scores.values())


def _rounded(value: object) -> object:
    return round(value, 4) if isinstance(value, float) else value
