"""A model folder: its weights, description, scores and card, and how a trained network becomes one."""

from __future__ import annotations

import csv
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from CraNeXtLib import __version__
from CraNeXtLib.cases.model_scoring import Row, scores_of
from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.face_completer import PREFIX as FACE_PREFIX
from CraNeXtLib.completion.model_library import FORMAT_VERSION, SCORES_FILE
from CraNeXtLib.completion.refined_completer import MEAN_SKULL, NETWORK_PREFIX
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import filling
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.core.files.text import json_text
from CraNeXtLib.datasets.manifest import SPLITS
from CraNeXtLib.evaluation.cohort_statistics import PAPER_METRICS
from CraNeXtLib.training.config import TrainingConfig, network_options
from CraNeXtLib.training.config_reading import print_config
from CraNeXtLib.training.output.model_card import OWN, model_card

_WORDS = ("split", "case", "subject", "kind")
_COLUMNS = ("split", "spacing_mm", *_WORDS[1:], *PAPER_METRICS, "diagonal_mm", "stray_pieces")


def write_model_folder(
    folder: Path,
    weights: Mapping[str, Tensor],
    config: TrainingConfig,
    *,
    data: str,
    recipe: str = "",
    mean_skull: np.ndarray | None = None,
) -> Path:
    """Write weights in half precision and a description without scores.

    Args:
        folder: Where to; what it held under the same names is replaced.
        weights: The network's state dict.
        config: The run's configuration.
        data: What the network was trained on, for the card.
        recipe: What the configuration does not say about how it was trained.
        mean_skull: Of a refiner, the mean skull on its grid, shares of bone.

    Raises:
        InputError: If a weight is not finite, or the folder cannot be written.
    """
    from safetensors.torch import save_file

    with filling(folder) as new:
        file = new / "weights.safetensors"
        tensors = _halved(weights)
        kind: dict[str, Any] = {"kind": "network"}
        if mean_skull is not None:
            tensors, kind = _refined(tensors, mean_skull, config.network.start_from)
        save_file(tensors, file)
        description = {
            "name": config.name,
            **kind,
            "format_version": FORMAT_VERSION,
            "network": {"name": config.network.name, "options": network_options(config)},
            "placement": config.data.placement,
            "grid": {"name": config.data.grid, "shape": list(config.data.shape)},
            "target": config.data.target,
            "input": config.data.input,
            "threshold": 0.5,
            "sha256": sha256_of(file),
            "licence": config.licence,
            "data": data,
            "recipe": {"note": recipe, "config": _portable(config)},
            "versions": _versions(),
        }
        write_description(new, description)
    return folder


def write_with_face(
    folder: Path, weights: Mapping[str, Tensor], config: TrainingConfig, *, data: str, recipe: str
) -> Path:
    """Write the refined model ``network.face_of`` with another network of the face, without scores.

    Args:
        folder: Where to; what it held under the same names is replaced.
        weights: The state dict of the network of the face.
        config: The run's configuration.
        data: What the network was trained on, for the card.
        recipe: What the configuration does not say about how it was trained.

    Raises:
        InputError: If a weight is not finite, or the folder cannot be written.
    """
    from safetensors.torch import load_file, save_file

    base = model_library.find(config.network.face_of)
    with filling(folder) as new:
        file = new / "weights.safetensors"
        tensors = {key: value for key, value in load_file(base.weights).items() if not key.startswith(FACE_PREFIX)}
        save_file(tensors | {f"{FACE_PREFIX}{key}": value for key, value in _halved(weights).items()}, file)
        face = {
            "network": {"name": config.network.name, "options": network_options(config)},
            "grid": {"name": "face", "shape": list(config.data.shape)},
            "data": data,
            "recipe": {"note": recipe, "config": _portable(config)},
            "versions": _versions(),
        }
        changed = {"name": config.name, "licence": config.licence, "sha256": sha256_of(file), "face": face}
        write_description(new, dict(base.description) | changed)
    return folder


def _halved(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    if not all(torch.isfinite(value).all() for value in weights.values()):
        raise InputError("The weights are not all finite: the training diverged; lower optimization.learning_rate.")
    return {key: value.half().contiguous() for key, value in weights.items()}


def _versions() -> dict[str, str]:
    return {"cranext": __version__, "torch": torch.__version__, "python": platform.python_version()}


def _refined(
    weights: Mapping[str, Tensor], mean_skull: np.ndarray, start: str
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the weights of a refined model and what describes them; the model it starts from leaves it its face."""
    from safetensors.torch import load_file

    shape = model_library.find("pca_skull")
    tensors = {f"{NETWORK_PREFIX}{name}": value for name, value in weights.items()}
    tensors[MEAN_SKULL] = torch.from_numpy(np.round(255 * mean_skull).astype(np.uint8))
    kind = {"kind": "refined", "shape_model": {"name": shape.name, "sha256": shape.sha256}}
    base = model_library.find(start) if start else None
    if base and "face" in base.description:
        tensors |= {key: value for key, value in load_file(base.weights).items() if key.startswith(FACE_PREFIX)}
        kind["face"] = base.description["face"]
    return tensors, kind


def _portable(config: TrainingConfig) -> dict[str, Any]:
    """Return the configuration without the paths of one machine."""
    import yaml

    values = yaml.safe_load(print_config(config))
    values["data"] |= {"manifest": "", "more_manifests": [], "cache": ""}
    return values


def write_description(folder: Path, description: dict[str, Any], rows: Iterable[Row] = ()) -> None:
    """Write ``model.json``, the scores and the card of a model into a folder.

    Args:
        folder: Where to.
        description: What the model is; the summary of its scores is put in here.
        rows: Its scores, with ``split`` and ``spacing_mm`` beside what ``CraNeXtLib.cases.model_scoring`` gives.
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
    (folder / "MODEL_CARD.md").write_text(model_card(description, rows), encoding="utf-8")
    with (folder / SCORES_FILE).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, _COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _short(value) for key, value in row.items()} for row in rows)


def read_scores(folder: Path) -> list[Row]:
    """Return the scores that a model folder holds, a row a case."""
    file = Path(folder) / SCORES_FILE
    if not file.is_file():
        return []
    with file.open(newline="", encoding="utf-8") as stream:
        return [
            {key: value if key in _WORDS else float(value) for key, value in row.items()}
            for row in csv.DictReader(stream)
        ]


def put_scores(folder: Path, rows: Iterable[Row]) -> None:
    """Put scores into a model folder, in place of those of the same cases, and write its card anew."""
    scores = {_place(row): row for row in [*read_scores(folder), *rows]}
    with filling(folder) as new:
        write_description(new, dict(model_library.find(folder).description), scores.values())


def _place(row: Row) -> tuple[str, float, str]:
    return row["split"], row["spacing_mm"], row["case"]


def _short(value: object) -> object:
    return round(value, 4) if isinstance(value, float) else value
