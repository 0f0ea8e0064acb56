"""Fit PCA-skull as published, see :mod:`CraNeXtLib.completion.shape_model.official`.

``python -m CraNeXtLib.training.shape_model.official MANIFEST --out FOLDER`` fits the training cases of a manifest and
writes a model folder; ``cranext reconstruct SKULL --out DIR --model FOLDER`` uses it.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np

from CraNeXtLib import RESEARCH_USE_NOTICE, __version__
from CraNeXtLib.completion.model_library import FORMAT_VERSION
from CraNeXtLib.completion.shape_model.official import KIND, REGISTRATIONS, register
from CraNeXtLib.core.errors import InputError, exit_status_of
from CraNeXtLib.core.files.atomic import filling
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.core.files.text import json_text
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.datasets.manifest import load_case, read_manifest
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume

SKULLS = 25
SPACING_MM = 2.0
MARGIN_VOXELS = 5


def fit(
    skulls: Iterable[Volume],
    folder: Path,
    *,
    spacing_mm: float = SPACING_MM,
    registration: str = "SyN",
    count: int = SKULLS,
    data: str = "",
    licence: str = "as the data demand",
    progress: ProgressCallback | None = None,
) -> Path:
    """Register skulls to the first one and write mean and principal components as a model folder.

    Args:
        skulls: Masks of complete skulls; one is in memory at a time.
        folder: Where to; what it held under the same names is replaced.
        spacing_mm: Largest voxel spacing; the authors take the scans' own.
        registration: ``"SyN"`` or ``"Rigid"``.
        count: How many skulls are taken; the authors take 25.
        data: Name of the data, for the card.
        licence: Licence of the weights.
        progress: Told stage and fraction; may raise to stop.

    Returns:
        The folder.

    Raises:
        InputError: If there are fewer than two skulls, or the registration is unknown.
    """
    if registration not in REGISTRATIONS:
        raise InputError(f"There is no registration '{registration}'; choose one of {', '.join(REGISTRATIONS)}.")
    reference, rows = None, []
    for number, skull in enumerate(islice(skulls, count)):
        if progress:
            progress(f"Registering skull {number + 1}", number / count)
        occupancy = shrink(skull, spacing_mm)
        if reference is None:
            reference = _with_margin(occupancy)
            rows.append(reference.voxels.ravel())
            continue
        with tempfile.TemporaryDirectory() as temporary:
            rows.append(register(reference, occupancy, registration, temporary)[0].ravel())
    if len(rows) < 2:
        raise InputError("PCA-skull needs at least two skulls in the split 'training'.")
    mean, components = principal_components(np.array(rows, np.float32))
    _write(folder, reference, mean, components, registration, len(rows), data, licence)
    return folder


def principal_components(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean (P,) of N rows (N, P) and all their N - 1 orthonormal principal components, float32.

    scikit-learn's PCA gives the same, and an N-th component without variance, which is of no definite direction.
    """
    mean = rows.mean(axis=0)
    deviations = rows - mean
    # Fewer rows than columns: the components follow from the rows' products (Sirovich 1987).
    _, vectors = np.linalg.eigh(deviations.astype(np.float64) @ deviations.T)
    components = vectors[:, :0:-1].T @ deviations
    return mean, (components / np.linalg.norm(components, axis=1, keepdims=True)).astype(np.float32)


def _with_margin(occupancy: Volume) -> Volume:
    affine = occupancy.affine.copy()
    affine[:3, 3] = occupancy.to_ras(np.full((1, 3), -MARGIN_VOXELS))[0]
    return Volume(np.pad(occupancy.voxels, MARGIN_VOXELS), affine)


def _write(
    folder: Path,
    reference: Volume,
    mean: np.ndarray,
    components: np.ndarray,
    registration: str,
    skulls: int,
    data: str,
    licence: str,
) -> None:

    from safetensors.numpy import save_file

    weights = {"reference": reference.voxels, "mean": mean, "components": components}
    with filling(folder) as new:
        file = new / "weights.safetensors"
        save_file({name: np.ascontiguousarray(value, np.float16) for name, value in weights.items()}, file)
        description = {
            "name": KIND,
            "kind": KIND,
            "format_version": FORMAT_VERSION,
            "options": {"affine": reference.affine.tolist(), "registration": registration, "skulls": skulls},
            "postprocessing": "official",
            "sha256": sha256_of(file),
            "licence": licence,
            "data": data,
            "versions": {"cranext": __version__, "numpy": np.__version__, "python": platform.python_version()},
        }
        (new / "model.json").write_text(json_text(description, indent=2), encoding="utf-8")
        card = f"""# Model card: {KIND}

{RESEARCH_USE_NOTICE}

PCA-skull as published (Yu, Li and Egger 2021): {skulls} skulls registered to the first with {registration},
{len(components)} components of voxels of {reference.spacing.mean():.2f} mm. For comparison only; `pca_skull` is better.

- **Data**: {data}
- **Licence of the weights**: {licence}
"""
        (new / "MODEL_CARD.md").write_text(card, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m CraNeXtLib.training.shape_model.official", description=__doc__)
    parser.add_argument("manifest", type=Path, help="manifest with the split training")
    parser.add_argument("--out", type=Path, required=True, help="the model folder")
    parser.add_argument("--spacing", type=float, default=SPACING_MM, metavar="MM", help="default: %(default)s")
    parser.add_argument("--registration", choices=REGISTRATIONS, default="SyN", help="default: %(default)s")
    options = parser.parse_args(arguments)

    def work() -> None:
        cases = {case.skull: case for case in read_manifest(options.manifest) if case.split == "training"}
        skulls = (load_case(case).complete for case in cases.values())
        fit(
            skulls,
            options.out,
            spacing_mm=options.spacing,
            registration=options.registration,
            data=options.manifest.stem,
            progress=lambda words, _fraction: print(words, flush=True),
        )

    return exit_status_of(work)


if __name__ == "__main__":
    sys.exit(main())
