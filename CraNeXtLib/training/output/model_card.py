"""The card of a model, from its description and its scores."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from CraNeXtLib.cases.model_scoring import BROKEN_DSC, STRAY_MM3, Row, scores_of
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE
from CraNeXtLib.evaluation.cohort_statistics import PAPER_METRICS

OWN = "own"
"""The kind of the defects that the cases come with."""

_SHAPE_MODEL_NOTES = Path(__file__).with_name("shape_model_notes.md")
_GRIDS = {"refined": "180 × 216 × 144 mm around vault and orbits, in the space of the shape model"}


def model_card(description: Mapping[str, Any], rows: Iterable[Row]) -> str:
    """Return the card of a model as Markdown.

    Args:
        description: The content of its ``model.json``.
        rows: Its scores, see ``CraNeXtLib.training.output.model_folder``.
    """
    return f"""# Model card: {description["name"]}

{RESEARCH_USE_NOTICE}

- **Data**: {description["data"]}
- **License of the weights**: {description["licence"]}
- **Weights**: `weights.safetensors`, SHA-256 `{description["sha256"]}`.
- **Made with**: {", ".join(f"{name} {version}" for name, version in description["versions"].items())}.
{_shape_model(description, rows) if description["kind"] == "pca_skull" else _network(description, rows)}"""


def _network(description: Mapping[str, Any], rows: Iterable[Row]) -> str:
    grid, network, target = description["grid"], description["network"], description["target"]
    shape = " × ".join(map(str, grid["shape"]))
    return f"""- **Network**: `{network["name"]}` with {json.dumps(network["options"])}; input {description["input"]},
  output the logit of the {target}{" skull" if target == "complete" else ""}.
- **Grid**: {_GRIDS.get(description["kind"], f"`{grid['name']}`")}, {shape} voxels. Placement of skulls beforehand:
  {description.get("placement", "none")}.
{_face(description["face"]) if "face" in description else ""}
{_scores(rows)}The network was not trained on validation skulls, but they selected the epoch.

## Recipe

{description["recipe"].get("note", "")}

The whole configuration is in `model.json`; `cranext train` runs it.
{_recipe_of_face(description["face"]) if "face" in description else ""}
## Limits

Trained on skulls of adults with computer-generated defects. It has not been tested on enough real defects to tell how
well it works there, and not at all on children or malformed skulls. Inspect every implant before any use.
"""


def _face(face: Mapping[str, Any]) -> str:
    network, shape = face["network"], " × ".join(map(str, face["grid"]["shape"]))
    return f"""- **Network of the face**: `{network["name"]}` with {json.dumps(network["options"])},
  on 132 × 96 × 108 mm around forehead, orbits and cheekbones, {shape} voxels. It was trained on {face["data"]}
"""


def _recipe_of_face(face: Mapping[str, Any]) -> str:
    return f"""
The network of the face: {face["recipe"]["note"]}
"""


def _shape_model(description: Mapping[str, Any], rows: Iterable[Row]) -> str:
    split = "\n".join(f"- {name}: {', '.join(ids)}" for name, ids in description["split"].items())
    return f"""- **Recipe**: `cranext models fit-shape --manifest FILE --out DIR` on a CPU.

{_scores(rows)}## Split by skull

{split}

{_SHAPE_MODEL_NOTES.read_text(encoding="utf-8")}"""


def _scores(rows: Iterable[Row]) -> str:
    """Return a table for each split and resolution."""
    tables = [
        f"{split.capitalize()} skulls, "
        + (f"on masks reduced to blocks of at most {spacing:g} mm" if spacing else "at the resolution of their scans")
        + f":\n\n{scores_table(group)}\n\n"
        for (split, spacing), group in groupby(rows, key=lambda row: (row["split"], row["spacing_mm"]))
    ]
    return f"""## Scores

Mean ± standard deviation (worst case). `{OWN}` is the defect that the case comes with; the others are synthetic, one of
each kind for every skull. Broken: cases without an implant or with a DSC below {BROKEN_DSC}; where there is no implant,
the diagonal of the image replaces its distances. Stray: cases with a piece of at least {STRAY_MM3 / 1000:g} mL that
lies entirely outside the true implant.

{"".join(tables) or "None yet." + chr(10) * 2}"""


def scores_table(rows: Iterable[Row]) -> str:
    """Return the scores by kind of defect as a Markdown table."""
    lines = ["| defect | n | DSC | bDSC | dH95, mm | SdH, mm | broken | stray |", "|---|---|---|---|---|---|---|---|"]
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["kind"], []).append(row)
    for kind, group in groups.items():
        scores = scores_of(group)
        cells = [_text(scores[metric], 2 if metric.endswith("mm") else 3) for metric in PAPER_METRICS]
        stray = "not measured" if scores["stray"] is None else scores["stray"]
        lines.append(f"| {kind} | {scores['n']} | {' | '.join(cells)} | {scores['broken']} | {stray} |")
    return "\n".join(lines)


def _text(scores: Mapping[str, float], digits: int) -> str:
    """Return mean, standard deviation and worst case as text; what does not exist is left out."""
    mean, sd, worst = (
        f"{scores[key]:.{digits}f}" if np.isfinite(scores[key]) else "" for key in ("mean", "sd", "worst")
    )
    return (mean or "not measured") + (f" ± {sd}" if sd else "") + f" ({worst or 'none'})" * bool(mean)
