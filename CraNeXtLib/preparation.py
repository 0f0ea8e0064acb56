"""Aligning a data set to a reference skull, as the paper does before training (section V.A).

Aligning changes only where the voxels lie: the files get another affine, no mask is resampled. The grids, which follow
the RAS directions, then cut every head out alike. What is kept on disk for training is made by
:mod:`CraNeXtLib.training`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from CraNeXtLib.alignment import Surface, align_surfaces, bone_surface
from CraNeXtLib.atomic_files import new_folder
from CraNeXtLib.datasets import ROLES, DatasetCase, SkullPair, load_case, write_manifest
from CraNeXtLib.volume_files import write_volume
from CraNeXtLib.volumes import Volume


def align_pair(pair: SkullPair, reference: Surface, *, kind: str = "rigid") -> SkullPair:
    """Place a case where the reference lies.

    Only the defective skull is looked at, as at a patient, whose complete skull nobody knows.

    Args:
        pair: The case.
        reference: Surface of the reference skull, see :func:`CraNeXtLib.alignment.bone_surface`.
        kind: ``"rigid"`` as the paper aligned SkullBreak, ``"affine"`` as its clinical cases, or ``"similarity"``.

    Raises:
        InputError: If the kind is unknown or the defective skull is empty.
    """
    matrix = align_surfaces(bone_surface(pair.defective), reference, kind=kind).matrix
    masks = {role: getattr(pair, role) for role in ROLES}
    affine = np.eye(4)
    affine[:3] = matrix[:3] @ pair.defective.affine
    return SkullPair(**{role: Volume(mask.voxels, affine) for role, mask in masks.items()})


def align_dataset(
    cases: Iterable[DatasetCase],
    out: str | Path,
    reference: Volume,
    *,
    kind: str = "rigid",
    progress: Callable[[int, DatasetCase], None] | None = None,
) -> list[DatasetCase]:
    """Write a data set whose skulls are aligned to a reference, with its manifest, into a new folder.

    Args:
        cases: The manifest.
        out: The folder; it appears when all cases are done.
        reference: Mask of the reference skull.
        kind: See :func:`align_pair`.
        progress: Told the number of cases done and the next one; may raise to stop.

    Returns:
        The cases of the new data set; their order and splits are the old ones.

    Raises:
        InputError: If a case cannot be used, the kind is unknown, or the folder exists.
    """
    out = Path(out).absolute()
    surface = bone_surface(reference)
    aligned = []
    with new_folder(out) as folder:
        for number, case in enumerate(cases):
            if progress:
                progress(number, case)
            pair = align_pair(load_case(case), surface, kind=kind)
            name = f"{number:05d}-{case.name.replace('/', '-')}"
            roles = ("defective", "implant") if case.has_defect else ("complete",)
            files = {role: f"{name}_{role}.nrrd" for role in roles}
            for role, file in files.items():
                write_volume(getattr(pair, role), folder / file)
            paths = dict.fromkeys(ROLES) | {role: folder / file for role, file in files.items()}
            aligned.append(replace(case, orientation="", **paths))
        write_manifest(aligned, folder / "manifest.csv")
    return [replace(c, **{role: out / path.name for role, path in c.files().items()}) for c in aligned]
