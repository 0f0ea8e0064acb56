"""A trained network as a model folder: weights, description, card."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from CraNeXtLib import RESEARCH_USE_NOTICE, __version__, models
from CraNeXtLib.atomic_files import filling
from CraNeXtLib.datasets import DatasetCase, load_case
from CraNeXtLib.errors import InputError, NoImplantError
from CraNeXtLib.metrics import border_dice, dice, surface_distances
from CraNeXtLib.models import FORMAT_VERSION, sha256_of
from CraNeXtLib.reconstruction import reconstruct
from CraNeXtLib.stages import ProgressCallback
from CraNeXtLib.training.config import TrainingConfig, network_options, print_config

Scores = dict[str, Any]
_COLUMNS = ("mean", "sd", "worst")


def write_model_folder(
    folder: Path, weights: Mapping[str, Tensor], config: TrainingConfig, *, data: str, recipe: str = ""
) -> Path:
    """Write weights in half precision and a description without scores.

    Args:
        folder: Where to; what it held under the same names is replaced.
        weights: The network's state dict.
        config: The run's configuration.
        data: What the network was trained on, for the card.
        recipe: What the configuration does not say about how it was trained.

    Raises:
        InputError: If a weight is not finite, or the folder cannot be written.
    """
    from safetensors.torch import save_file

    if not all(torch.isfinite(value).all() for value in weights.values()):
        raise InputError("The weights are not all finite: the training diverged; lower optimization.learning_rate.")
    with filling(folder) as new:
        file = new / "weights.safetensors"
        save_file({key: value.half().contiguous() for key, value in weights.items()}, file)
        description = {
            "name": config.name,
            "kind": "network",
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
            "scores": {},
            "recipe": {"note": recipe, "config": _portable(config)},
            "versions": {"cranext": __version__, "torch": torch.__version__, "python": platform.python_version()},
        }
        _write_description(new, description)
    return folder


def score_model(folder: Path, cases: list[DatasetCase], progress: ProgressCallback | None = None) -> Scores:
    """Reconstruct every case that has an implant of its own at full resolution, and put the scores into the folder.

    Returns:
        ``cases`` with DSC, bDSC and dH95 in mm of each, and mean, standard deviation and worst of each.
    """
    cases = [case for case in cases if case.has_defect]
    rows = {}
    for number, case in enumerate(cases):
        if progress:
            progress(f"Scoring {case.name}", number / len(cases))
        rows[case.name] = score_case(folder, case)
    finite = {name: {metric: _finite(value) for metric, value in row.items()} for name, row in rows.items()}
    scores = {"n": len(rows), **summarise(rows), "cases": finite}
    description = dict(models.find(folder).description) | {"scores": scores}
    with filling(folder) as new:
        _write_description(new, description)
    return scores


def score_case(model: Path, case: DatasetCase) -> dict[str, float]:
    """Return DSC, bDSC and dH95 (mm) of the implant that a model gives for a case; no implant is a failure."""
    pair = load_case(case)
    try:
        implant = reconstruct(pair.defective, model=model).implant
    except NoImplantError:
        implant = pair.implant.with_voxels(np.zeros(pair.implant.shape, bool))
    return {
        "dsc": dice(implant, pair.implant),
        "bdsc": border_dice(implant, pair.implant, pair.defective),
        "dh95_mm": surface_distances(implant, pair.implant).percentile(95),
    }


def summarise(rows: Mapping[str, Mapping[str, float]]) -> Scores:
    """Return mean, standard deviation and worst of every metric; None where a case has no implant to measure to."""
    summary = {}
    for metric in next(iter(rows.values()), {}):
        values = np.array([row[metric] for row in rows.values()])
        worst = values.max() if metric.endswith("mm") else values.min()
        spread = values.std(ddof=1) if len(values) > 1 and np.isfinite(values).all() else 0.0
        summary[metric] = {"mean": _finite(values.mean()), "sd": _finite(spread), "worst": _finite(worst)}
    return summary


def _finite(value: float) -> float | None:
    """Return a value for JSON, which knows no infinity."""
    return round(float(value), 4) if np.isfinite(value) else None


def _portable(config: TrainingConfig) -> dict[str, Any]:
    """Return the configuration without the paths of one machine."""
    import yaml

    values = yaml.safe_load(print_config(config))
    values["data"] |= {"manifest": "", "more_manifests": [], "cache": ""}
    return values


def _write_description(folder: Path, description: dict[str, Any]) -> None:
    text = json.dumps(description, indent=2, allow_nan=False) + "\n"
    (folder / "model.json").write_text(text, encoding="utf-8")
    (folder / "MODEL_CARD.md").write_text(model_card(description), encoding="utf-8")


def model_card(description: dict[str, Any]) -> str:
    """Return the card of a model as Markdown, from its description alone."""
    scores, grid, network = description["scores"], description["grid"], description["network"]
    rows = [
        f"| {metric} | " + " | ".join("none" if values[k] is None else f"{values[k]:.3f}" for k in _COLUMNS) + " |"
        for metric, values in scores.items()
        if isinstance(values, dict) and "mean" in values
    ]
    table = "\n".join(["| metric | mean | SD | worst |", "|---|---|---|---|", *rows]) if rows else "None yet."
    shape = " × ".join(map(str, grid["shape"]))
    note = description["recipe"].get("note", "")
    return f"""# Model card: {description["name"]}

{RESEARCH_USE_NOTICE}

- **Network**: `{network["name"]}` with {json.dumps(network["options"])}; input {description["input"]}, output the
  logit of the {description["target"]}{" skull" if description["target"] == "complete" else ""}.
- **Grid**: `{grid["name"]}`, {shape} voxels; placement of skulls before: {description.get("placement", "none")}.
- **Data**: {description["data"]}
- **Licence of the weights**: {description["licence"]}
- **Weights**: `weights.safetensors`, half precision, SHA-256 `{description["sha256"]}`.
- **Made with**: {", ".join(f"{name} {version}" for name, version in description["versions"].items())}.

## Validation

Implants of {scores.get("n", 0)} validation skulls at the resolution of their scans, after the default cleaning. No
skull of these was trained on, but the epoch was chosen by them.

{table}

## Recipe

{note}

The whole configuration is in `model.json`; `cranext train` runs it.

## Limits

Trained on skulls of adults whose defects were cut by a computer. It has not been tried on enough real defects to say
how it does there, and not at all on children or malformed skulls. Look at every implant before using it for anything.
"""
