"""Making the model folder of PCA-skull from a data set."""

from __future__ import annotations

import platform
from pathlib import Path

import scipy

from CraNeXtLib.anatomy.head.template import load_template
from CraNeXtLib.cases.model_scoring import Row
from CraNeXtLib.completion.model_library import FORMAT_VERSION
from CraNeXtLib.completion.shape_model.model import PCASkull, save_pca_skull
from CraNeXtLib.core.files.filling import filling
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.core.product import __version__
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.datasets.manifest import SPLITS, DatasetCase, read_manifest
from CraNeXtLib.datasets.skull_pair import load_case
from CraNeXtLib.training.output.model_folder import write_description
from CraNeXtLib.training.output.validation_scores import score_into
from CraNeXtLib.training.shape_model.fit import fit

_NAME = "pca_skull"


def make_shape_model(
    manifest: Path, folder: Path, *, data: str, licence: str, progress: ProgressCallback | None = None
) -> list[Row]:
    """Fit the training cases of a data set, write the model folder, and score it on the validation cases.

    Args:
        manifest: The data set, with the splits training and validation.
        folder: The model folder; files of the same names in it are replaced.
        data: Name of the data, for the card.
        licence: License of the weights.
        progress: Called with the stage and the fraction of the scoring; may raise to stop.

    Returns:
        The scores, one row for each validation case, at full resolution.

    Raises:
        InputError: If the data set cannot be used, or the folder cannot be written.
    """
    report = progress or (lambda _stage, _fraction: None)
    cases = read_manifest(manifest)
    skulls = (load_case(case).complete for case in cases if case.split == "training")
    template = load_template()
    model = fit(skulls, template.with_voxels(template.voxels > 0), progress=lambda step: report(step, 0.0))
    write_model(folder, model, cases=cases, data=data, licence=licence)
    return score_into(folder, cases, progress=report)


def write_model(folder: Path, model: PCASkull, *, cases: list[DatasetCase], data: str, licence: str) -> None:
    """Write a model folder without scores.

    Args:
        folder: The folder; files of the same names in it are replaced.
        model: The fitted model.
        cases: The cases of the data set, for the split.
        data: Name of the data, for the card.
        licence: License of the weights.

    Raises:
        InputError: If the folder cannot be written.
    """
    with filling(folder) as new:
        options = save_pca_skull(model, new / "weights.safetensors")
        description = {
            "name": _NAME,
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
