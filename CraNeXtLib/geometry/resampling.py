"""Other voxels for the same anatomy: block means and interpolation."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.volume import Volume


def shrink(volume: Volume, spacing_mm: float, *, crop: bool = True) -> Volume:
    """Return the mean over blocks of voxels, at no more than the given spacing.

    Args:
        volume: Mask or occupancy.
        spacing_mm: Blocks hold as many voxels as fit into this length, at least one, along each axis.
        crop: Whether to crop to the foreground first.
    """
    factors = np.maximum(np.floor(spacing_mm / volume.spacing + 1e-6), 1).astype(int)
    cropped = volume.crop(foreground_box(volume.voxels > 0)) if crop else volume
    sizes = -(-np.array(cropped.shape) // factors)
    values = cropped.voxels
    for axis, factor in enumerate(factors):
        starts = np.arange(sizes[axis]) * factor
        kind = np.uint16 if values.dtype == bool else values.dtype
        values = np.add.reduceat(values, starts, axis=axis, dtype=kind)
    affine = cropped.affine.copy()
    affine[:3, :3] *= factors
    affine[:3, 3] = cropped.to_ras((factors[None] - 1) / 2)[0]
    return Volume((values / np.prod(factors)).astype(np.float32), affine)


def share_of_voxels(mask: Volume, affine: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Resample a mask to other voxels of about its own size or coarser, as the share of each that it fills.

    Args:
        mask: Mask of shape (I, J, K).
        affine: Places the other voxels, in RAS mm.
        shape: How many there are along each axis.

    Returns:
        float32 of the given shape, 0 to 1.
    """
    voxels = mask.voxels != 0
    try:
        part = mask.crop(foreground_box(voxels))
    except InputError:
        return np.zeros(shape, np.float32)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    coarse = block_mean(part, np.maximum(1, (spacing.mean() / mask.spacing).astype(int)))
    return resample(coarse.voxels, np.linalg.inv(coarse.affine) @ affine, shape)


def block_mean(volume: Volume, block: np.ndarray) -> Volume:
    """Average blocks of voxels, padding with zeros to whole blocks."""
    padding = -np.array(volume.shape) % block
    voxels = np.pad(volume.voxels != 0, [(0, p) for p in padding])
    split = [n for size, b in zip(voxels.shape, block, strict=True) for n in (size // b, b)]
    sums = voxels.view(np.uint8).reshape(split).sum(axis=(1, 3, 5), dtype=np.uint16)
    affine = volume.affine @ np.diag([*block, 1.0])
    affine[:3, 3] = volume.to_ras((block[None] - 1) / 2)[0]
    return Volume(sums.astype(np.float32) / np.prod(block), affine)


def resample(values: np.ndarray, to_indices: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Interpolate linearly at the indices that an affine gives for each output voxel; 0 outside."""
    values = np.asarray(values, dtype=np.float32)
    return ndimage.affine_transform(values, to_indices[:3, :3], to_indices[:3, 3], shape, order=1, mode="grid-constant")
