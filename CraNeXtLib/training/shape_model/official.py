"""Fitting PCA-skull as published, see :mod:`CraNeXtLib.completion.shape_model.official`."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np

from CraNeXtLib.completion.model_library import CARD, FORMAT_VERSION
from CraNeXtLib.completion.shape_model.official import KIND, REGISTRATIONS, register
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.filling import filling
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.core.files.text import json_text, write_text
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE, __version__
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.datasets.manifest import read_manifest
from CraNeXtLib.datasets.skull_pair import load_case
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume

SPACING_MM = 2.0
_SKULLS = 25
_MARGIN_VOXELS = 5


def make_official_shape_model(
    manifest: Path,
    folder: Path,
    *,
    spacing_mm: float = SPACING_MM,
    registration: str = "SyN",
    data: str = "",
    licence: str = "as the data demand",
    progress: ProgressCallback | None = None,
) -> Path:
    """Fit the training cases of a data set, each skull once, and write the model folder; see :func:`fit`."""
    cases = {case.skull: case for case in read_manifest(manifest) if case.split == "training"}
    skulls = (load_case(case).complete for case in cases.values())
    return fit(
        skulls,
        folder,
        spacing_mm=spacing_mm,
        registration=registration,
        data=data or manifest.stem,
        licence=licence,
        progress=progress,
    )


def fit(
    skulls: Iterable[Volume],
    folder: Path,
    *,
    spacing_mm: float = SPACING_MM,
    registration: str = "SyN",
    count: int = _SKULLS,
    data: str = "",
    licence: str = "as the data demand",
    progress: ProgressCallback | None = None,
) -> Path:
    """Register skulls to the first one, and write mean and principal components as a model folder.

    Args:
        skulls: Masks of complete skulls; only one is in memory at a time.
        folder: The model folder; files of the same names in it are replaced.
        spacing_mm: Largest spacing of the voxels; the authors use that of the scans.
        registration: ``"SyN"`` or ``"Rigid"``.
        count: Number of skulls to use; the authors use 25.
        data: Name of the data, for the card.
        licence: License of the weights.
        progress: Called with the stage and the fraction done; may raise to stop.

    Returns:
        The folder.

    Raises:
        InputError: If there are fewer than two skulls, or the registration is unknown.
    """
    if registration not in REGISTRATIONS:
        raise InputError(f"There is no registration '{registration}'; choose one of {', '.join(REGISTRATIONS)}.")
    reference: Volume | None = None
    rows: list[np.ndarray] = []
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
    if reference is None or len(rows) < 2:
        raise InputError("PCA-skull needs at least two skulls in the split 'training'.")
    mean, components = principal_components(np.array(rows, np.float32))
    _write(folder, reference, mean, components, registration, len(rows), data, licence)
    return folder


def principal_components(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and principal components of N rows of P values.

    scikit-learn's PCA gives the same, and an N-th component without variance, whose direction is arbitrary.

    Returns:
        The mean, shape (P,), and all N - 1 orthonormal components, shape (N - 1, P), float32.
    """
    mean = rows.mean(axis=0)
    deviations = rows - mean
    # Fewer rows than columns: the components follow from the products of the rows (Sirovich 1987).
    _, vectors = np.linalg.eigh(deviations.astype(np.float64) @ deviations.T)
    components = vectors[:, :0:-1].T @ deviations
    return mean, (components / np.linalg.norm(components, axis=1, keepdims=True)).astype(np.float32)


def _with_margin(occupancy: Volume) -> Volume:
    affine = occupancy.affine.copy()
    affine[:3, 3] = occupancy.to_ras(np.full((1, 3), -_MARGIN_VOXELS))[0]
    return Volume(np.pad(occupancy.voxels, _MARGIN_VOXELS), affine)


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
    from safetensors.numpy import save

    weights = {"reference": reference.voxels, "mean": mean, "components": components}
    with filling(folder) as new:
        file = new / "weights.safetensors"
        file.write_bytes(save({name: np.ascontiguousarray(value, np.float16) for name, value in weights.items()}))
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
        write_text(new / "model.json", json_text(description, indent=2))
        card = f"""# Model card: {KIND}

{RESEARCH_USE_NOTICE}

PCA-skull as published (Yu, Li and Egger 2021): {skulls} skulls, registered to the first one with {registration}, and
{len(components)} principal components of voxels of {reference.spacing.mean():.2f} mm. For comparison only; `pca_skull`
is better.

- **Data**: {data}
- **License of the weights**: {licence}
"""
        write_text(new / CARD, card)
