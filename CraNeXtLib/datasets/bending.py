"""New complete skulls for training: one skull bent toward the shape of another, by registration.

Following Ellis and Aizenberg (AutoImplant 2020), who warped all pairs of skulls onto each other. A partially warped
skull resembles neither source, so here each skull is bent by a random amount. That takes a minute or more per skull, so
it is done once, before training, and the new skulls are a data set of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.ndimage import map_coordinates

from CraNeXtLib.anatomy.categorization.ants import import_ants
from CraNeXtLib.anatomy.head.alignment import align_surfaces
from CraNeXtLib.anatomy.head.bone_surface import bone_surface
from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import new_folder
from CraNeXtLib.datasets.manifest import DatasetCase, write_manifest
from CraNeXtLib.datasets.skull_pair import load_case
from CraNeXtLib.geometry.resampling import resampled_occupancy
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume

REGISTRATION_MM = 2.0
BLUR_MM = 3.0
"""Standard deviation of the blur that lets plates of bone attract each other without overlap."""

MARGIN_MM = 15.0

DEPTH = 0.75
"""Depth of the cut below the vertex, in skull lengths; faces and necks are scanned too differently to be matched."""

AMOUNTS = (0.4, 1.0)
"""Range of the random amounts."""


def bend_skull(
    moving: Volume,
    fixed: Volume,
    *,
    amount: float = 1.0,
    spacing_mm: float = 0.6,
    iterations: tuple[int, ...] = (60, 40, 20),
) -> Volume:
    """Bend a complete skull toward the shape of another.

    Args:
        moving: Mask of the skull to bend.
        fixed: Mask of the skull whose shape to take.
        amount: 0 changes only the skull's pose and size, 1 bends it all the way.
        spacing_mm: Spacing of the result.
        iterations: Iterations of the registration, coarse to fine.

    Returns:
        Bool mask of the bent skull with axes along R, A and S, cut at three quarters of its length below the vertex.

    Raises:
        InputError: If a mask holds no bone.
    """
    to_fixed = np.eye(4)
    to_fixed[:3] = align_surfaces(bone_surface(moving), bone_surface(fixed), kind="similarity").matrix[:3]
    placed = Volume(moving.voxels, to_fixed @ moving.affine)
    frame = skull_frame(fixed)
    points = np.concatenate([frame.points, skull_frame(placed).points])
    points = points[points[:, 2] > frame.level(DEPTH)]
    low, high = points.min(axis=0) - MARGIN_MM, points.max(axis=0) + MARGIN_MM
    low[2] += MARGIN_MM
    affine, shape = _grid(low, high, REGISTRATION_MM)
    displacement = amount * _register(
        *(resampled_occupancy(skull, affine, shape) for skull in (placed, fixed)), iterations=iterations
    )

    fine, fine_shape = _grid(low, high, spacing_mm)
    bent = np.zeros(fine_shape, dtype=bool)
    to_coarse = np.linalg.inv(affine) @ fine
    to_voxels = np.linalg.inv(placed.affine)
    mask = moving.voxels.astype(np.float32)
    for k in range(fine_shape[2]):
        indices = np.indices((*fine_shape[:2], 1), dtype=np.float32).reshape(3, -1)
        indices[2] = k
        coarse = _apply(to_coarse, indices)
        moved = [map_coordinates(part, coarse, order=1, mode="nearest") for part in displacement]
        points = _apply(to_voxels, _apply(fine, indices) + moved)
        bent[:, :, k] = (map_coordinates(mask, points, order=1) >= 0.5).reshape(fine_shape[:2])
    return Volume(bent, fine)


def bend_dataset(
    cases: Iterable[DatasetCase],
    out: str | Path,
    *,
    count: int,
    seed: int = 0,
    progress: Callable[[int, DatasetCase], None] | None = None,
) -> list[DatasetCase]:
    """Write bent skulls and their manifest into a new folder.

    Both skulls of each pair come from the training split, so that nothing is learned from a validation or test skull.

    Args:
        cases: Cases of a manifest.
        out: Folder to create; it appears when all skulls are finished.
        count: Number of skulls.
        seed: Random seed of pairs and amounts.
        progress: Called with the number of finished skulls and the case bent next; may raise to stop.

    Returns:
        The cases of the new data set: complete skulls of the training split.

    Raises:
        InputError: If there are not two skulls to train on, one cannot be used, or the folder exists.
    """
    skulls = list({case.skull: case for case in cases if case.split == "training"}.values())
    if len(skulls) < 2:
        raise InputError("Bending needs two skulls or more in the split 'training'; split the data set first.")
    rng = np.random.default_rng(seed)
    out = Path(out).absolute()
    made = []
    with new_folder(out) as folder:
        for number in range(count):
            first, second = (skulls[i] for i in rng.choice(len(skulls), 2, replace=False))
            if progress:
                progress(number, first)
            bent = bend_skull(load_case(first).complete, load_case(second).complete, amount=rng.uniform(*AMOUNTS))
            path = folder / f"{number:05d}_complete.nrrd"
            write_volume(bent, path)
            subject = f"{number:05d}-{first.subject}-to-{second.subject}"
            made.append((DatasetCase(subject=subject, complete=path, source="bent", split="training"), path.name))
        write_manifest([case for case, _ in made], folder / "manifest.csv")
    return [replace(case, complete=out / name) for case, name in made]


def _register(moving: np.ndarray, fixed: np.ndarray, *, iterations: tuple[int, ...]) -> np.ndarray:
    """Return the displacement from fixed to moving points, in mm, shape (3, X, Y, Z)."""
    from scipy.ndimage import gaussian_filter

    ants = import_ants()
    images = [ants.from_numpy(gaussian_filter(share, BLUR_MM / REGISTRATION_MM)) for share in (fixed, moving)]
    for image in images:
        image.set_spacing((REGISTRATION_MM,) * 3)
    result = ants.registration(
        *images,
        type_of_transform="SyNOnly",
        initial_transform="identity",
        syn_metric="meansquares",
        reg_iterations=iterations,
    )
    transforms = [Path(path) for path in (*result["fwdtransforms"], *result["invtransforms"])]
    try:
        field = ants.image_read(str(next(path for path in transforms if path.name.endswith("1Warp.nii.gz"))))
        return np.moveaxis(field.numpy(), -1, 0).astype(np.float32)
    finally:
        for path in set(transforms):
            path.unlink(missing_ok=True)


def _grid(low: np.ndarray, high: np.ndarray, spacing_mm: float) -> tuple[np.ndarray, tuple[int, int, int]]:
    """Return affine and shape of a grid in RAS directions over a box, in mm."""
    affine = np.diag([spacing_mm] * 3 + [1.0])
    affine[:3, 3] = low + spacing_mm / 2
    return affine, tuple(np.ceil((high - low) / spacing_mm).astype(int).tolist())


def _apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map points of shape (3, N) by a 4×4 matrix."""
    return matrix[:3, :3] @ points + matrix[:3, 3:]
