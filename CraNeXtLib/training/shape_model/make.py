"""The model folder of PCA-skull, made with one command from a data set.

``python -m CraNeXtLib.training.shape_model.make MANIFEST --out FOLDER`` fits the training cases of a manifest (see
``cranext dataset``), scores the validation cases at full resolution and writes weights, description and model card.
"""

from __future__ import annotations

import argparse
import platform
import sys
from pathlib import Path

import scipy

from CraNeXtLib import __version__
from CraNeXtLib.anatomy.head.template import load_template
from CraNeXtLib.completion.model_library import FORMAT_VERSION
from CraNeXtLib.completion.shape_model.model import PCASkull, save_pca_skull
from CraNeXtLib.core.errors import exit_status_of
from CraNeXtLib.core.files.atomic import filling
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.datasets.manifest import SPLITS, DatasetCase, load_case, read_manifest
from CraNeXtLib.training.output.model_card import scores_table
from CraNeXtLib.training.output.model_folder import write_description
from CraNeXtLib.training.output.validation_scores import score_into
from CraNeXtLib.training.shape_model.fit import fit

NAME = "pca_skull"


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
            "versions": {"cranext": __version__, "scipy": scipy.__version__, "python": platform.python_version()},
        }
        write_description(new, description)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m CraNeXtLib.training.shape_model.make", description=__doc__)
    parser.add_argument("manifest", type=Path, help="manifest with the splits training and validation")
    parser.add_argument("--out", type=Path, required=True, help="the model folder")
    parser.add_argument("--data", default="SkullFix (AutoImplant 2020, from CQ500)", help="name of the data")
    parser.add_argument("--licence", default="CC BY-NC-SA 4.0", help="licence of the weights")
    options = parser.parse_args(arguments)

    def work() -> None:
        cases = read_manifest(options.manifest)
        training = (load_case(case).complete for case in cases if case.split == "training")
        template = load_template()
        model = fit(training, template.with_voxels(template.voxels > 0), progress=print)
        write_model(options.out, model, cases=cases, data=options.data, licence=options.licence)
        print(scores_table(score_into(options.out, cases)))

    return exit_status_of(work)


if __name__ == "__main__":
    sys.exit(main())
