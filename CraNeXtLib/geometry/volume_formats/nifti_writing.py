"""Writing NIfTI files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume_formats.nifti_reading import NEAR_MM, farthest_apart

_EXACT = 1e-5
"""Largest cosine between axes that counts as a right angle; ITK refuses a sform from somewhere above 1e-4 on."""
_SCANNER = 1
"""The code with which all programs take the sform first; ITK then takes the qform only if it refuses the sform."""


def write_nifti(path: Path, voxels: np.ndarray, affine: np.ndarray) -> None:
    """Write a ``.nii`` or ``.nii.gz`` file whose sform is the affine.

    If its axes are not quite at right angles, ITK, and with it 3D Slicer and ITK-SNAP, would not open it. It then has a
    qform, too, at right angles and with the same center and spacing. A quaternion of 32-bit numbers is coarse near half
    a turn, which is how most CTs lie.

    Args:
        path: The file.
        voxels: Array of three dimensions, best in Fortran order.
        affine: 4×4 matrix from indices to RAS mm.

    Raises:
        InputError: If ITK would show the volume elsewhere by more than 0.1 mm.
    """
    import nibabel

    image = nibabel.Nifti1Image(voxels, affine)
    straight = _straightened(affine, voxels.shape)
    if straight is not None:
        image.set_sform(affine, _SCANNER)
        image.set_qform(straight, _SCANNER)
        apart = farthest_apart(affine, image.get_qform(), voxels.shape)
        if apart > NEAR_MM:
            raise InputError(
                f"{path.name} cannot hold axes that are not quite at right angles so that all programs see them at one "
                f"place: some would be {apart:.2g} mm off; choose .nrrd or .mha."
            )
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)


def _straightened(affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray | None:
    """Return the affine with the nearest axes at right angles, about the volume's center; None if they are already."""
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    directions = affine[:3, :3] / spacing
    if np.abs(directions.T @ directions - np.eye(3)).max() <= _EXACT:
        return None
    left, _, right = np.linalg.svd(directions)
    straight, center = affine.copy(), (np.array(shape) - 1) / 2
    straight[:3, :3] = left @ right * spacing
    straight[:3, 3] += (affine[:3, :3] - straight[:3, :3]) @ center
    return straight
