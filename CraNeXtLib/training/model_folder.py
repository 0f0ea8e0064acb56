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

from CraNeXtLib import RESEARCH_USE_NOTICE, __version__, models, pca_skull
from CraNeXtLib.atomic_files import filling
from CraNeXtLib.datasets.manifest import DatasetCase, load_case
from CraNeXtLib.errors import InputError, NoImplantError
from CraNeXtLib.metrics import border_dice, dice, surface_distances
from CraNeXtLib.models import FORMAT_VERSION, sha256_of
from CraNeXtLib.reconstruction import reconstruct
from CraNeXtLib.refined_completion import MEAN_SKULL, NETWORK_PREFIX, SHAPE_PREFIX
from CraNeXtLib.stages import ProgressCallback
from CraNeXtLib.training.config import TrainingConfig, network_options, print_config
from CraNeXtLib.training.model_scores import section

Scores = dict[str, Any]
_COLUMNS = ("mean", "sd", "worst")
_GRIDS = {"refined": "180 × 216 × 144 mm around the vault and the orbits, in the space of the shape model"}


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

    if not all(torch.isfinite(value).all() for value in weights.values()):
        raise InputError("The weights are not all finite: the training diverged; lower optimization.learning_rate.")
    with filling(folder) as new:
        file = new / "weights.safetensors"
        tensors = {key: value.half().contiguous() for key, value in weights.items()}
        kind: dict[str, Any] = {"kind": "network"}
        if mean_skull is not None:
            tensors, kind = _with_shape_model(tensors, mean_skull)
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
            "scores": {},
            "recipe": {"note": recipe, "config": _portable(config)},
            "versions": {"cranext": __version__, "torch": torch.__version__, "python": platform.python_version()},
        }
        write_description(new, description)
    return folder


def _with_shape_model(
    weights: Mapping[str, Tensor], mean_skull: np.ndarray
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return a refiner's weights and those of the bundled shape model together, and what describes them."""
    shape = models.find("pca_skull")
    tensors, options = pca_skull.packed(shape.load().model)
    together = {f"{NETWORK_PREFIX}{name}": value for name, value in weights.items()}
    together |= {f"{SHAPE_PREFIX}{name}": torch.from_numpy(value) for name, value in tensors.items()}
    together[MEAN_SKULL] = torch.from_numpy(np.round(255 * mean_skull).astype(np.uint8))
    return together, {
        "kind": "refined",
        "options": options,
        "shape_model": {"name": shape.name, "sha256": shape.sha256},
    }


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
        write_description(new, description)
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


def write_description(folder: Path, description: dict[str, Any]) -> None:
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
- **Grid**: {_GRIDS.get(description["kind"], f"`{grid['name']}`")}, {shape} voxels; placement of skulls before:
  {description.get("placement", "none")}.
- **Data**: {description["data"]}
- **Licence of the weights**: {description["licence"]}
- **Weights**: `weights.safetensors`, half precision, SHA-256 `{description["sha256"]}`.
- **Made with**: {", ".join(f"{name} {version}" for name, version in description["versions"].items())}.

## Validation

Implants of {scores.get("n", 0)} validation skulls at the resolution of their scans, after the default cleaning. No
skull of these was trained on, but the epoch was chosen by them.

{table}

{section(description)}
## Recipe

{note}

The whole configuration is in `model.json`; `cranext train` runs it.

## Limits

Trained on skulls of adults whose defects were cut by a computer. It has not been tried on enough real defects to say
how it does there, and not at all on children or malformed skulls. Look at every implant before using it for anything.
"""
