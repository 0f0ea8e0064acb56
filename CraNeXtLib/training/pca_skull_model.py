"""The model folder of PCA-skull, made with one command from a data set.

``python -m CraNeXtLib.training.pca_skull_model MANIFEST --out FOLDER`` fits the training cases of a manifest (see
``cranext dataset``), scores the validation cases at full resolution and writes weights, description and model card.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from pathlib import Path
from typing import Any

import scipy

from CraNeXtLib import RESEARCH_USE_NOTICE, __version__
from CraNeXtLib.atomic_files import filling
from CraNeXtLib.datasets.manifest import SPLITS, DatasetCase, load_case, read_manifest
from CraNeXtLib.errors import CraNeXtError
from CraNeXtLib.models import FORMAT_VERSION, sha256_of
from CraNeXtLib.pca_skull.model import PCASkull, save_pca_skull
from CraNeXtLib.template import load_template
from CraNeXtLib.training.model_folder import score_case, summarise
from CraNeXtLib.training.model_scores import section
from CraNeXtLib.training.pca_skull_fit import fit

NAME = "pca_skull"
NOTES = Path(__file__).parent / "presets" / "pca_skull_notes.md"


def write_model(folder: Path, model: PCASkull, *, cases: list[DatasetCase], data: str, licence: str) -> None:
    """Write the weights, the description without scores and the card into a folder.

    Args:
        folder: Where to; what it held under the same names is replaced.
        model: The fitted model.
        cases: The manifest, for the split.
        data: Name of the data, for the card.
        licence: Licence of the weights.

    Raises:
        InputError: If the folder cannot be written.
    """
    with filling(folder) as new:
        options = save_pca_skull(model, new / "weights.safetensors")
        description = {
            "name": NAME,
            "kind": "pca_skull",
            "format_version": FORMAT_VERSION,
            "options": options,
            "sha256": sha256_of(new / "weights.safetensors"),
            "licence": licence,
            "data": data,
            "split": {split: [case.subject for case in cases if case.split == split] for split in SPLITS},
            "scores": {},
            "versions": {"cranext": __version__, "scipy": scipy.__version__, "python": platform.python_version()},
        }
        write_description(new, description)


def score(folder: Path, cases: list[DatasetCase], split: str) -> dict[str, Any]:
    """Score the implants of one split's cases, put the scores into the folder and return them."""
    rows = {case.subject: score_case(folder, case) for case in cases if case.split == split and case.has_defect}
    scores = {"n": len(rows), **summarise(rows), "cases": rows}
    description = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    description["scores"][split] = scores
    with filling(folder) as new:
        write_description(new, description)
    return scores


def model_card(description: dict[str, Any]) -> str:
    """Return the model's card as Markdown, from its description and the notes on how it was chosen."""
    tables = []
    for split, scores in description["scores"].items():
        rows = [
            f"| {metric} | {values['mean']:.3f} | {values['sd']:.3f} | {values['worst']:.3f} |"
            for metric, values in scores.items()
            if isinstance(values, dict) and "mean" in values
        ]
        header = [f"{split.capitalize()}, {scores['n']} skulls with the challenge's own implants:", ""]
        tables.append("\n".join([*header, "| metric | mean | SD | worst |", "|---|---|---|---|", *rows]))
    split = "\n".join(f"- {name}: {', '.join(ids)}" for name, ids in description["split"].items())
    return f"""# Model card: {description["name"]}

{RESEARCH_USE_NOTICE}

- **Data**: {description["data"]}
- **Licence of the weights**: {description["licence"]}
- **Recipe**: `python -m CraNeXtLib.training.pca_skull_model MANIFEST --out FOLDER` on a CPU.

## Scores

{(chr(10) * 2).join(tables) or "None yet."}

{section(description)}
## Split by skull

{split}

{NOTES.read_text(encoding="utf-8")}"""


def write_description(folder: Path, description: dict[str, Any]) -> None:
    (folder / "model.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    (folder / "MODEL_CARD.md").write_text(model_card(description), encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m CraNeXtLib.training.pca_skull_model", description=__doc__)
    parser.add_argument("manifest", type=Path, help="manifest with the splits training and validation")
    parser.add_argument("--out", type=Path, required=True, help="the model folder")
    parser.add_argument("--score", choices=SPLITS, help="only score the model in the folder on this split")
    parser.add_argument("--data", default="SkullFix (AutoImplant 2020, from CQ500)", help="name of the data")
    parser.add_argument("--licence", default="CC BY-NC-SA 4.0", help="licence of the weights")
    options = parser.parse_args(arguments)
    try:
        cases = read_manifest(options.manifest)
        if options.score is None:
            training = (load_case(case).complete for case in cases if case.split == "training")
            template = load_template()
            model = fit(training, template.with_voxels(template.voxels > 0), progress=print)
            write_model(options.out, model, cases=cases, data=options.data, licence=options.licence)
        scores = score(options.out, cases, options.score or "validation")
        print(json.dumps({key: value for key, value in scores.items() if key != "cases"}, indent=2))
    except CraNeXtError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
