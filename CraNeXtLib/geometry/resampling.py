"""Resampling a volume to other voxels: means of blocks, and interpolation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.mask import mask
from CraNeXtLib.geometry.volume import Volume


def shrink(volume: Volume, spacing_mm: float, *, crop: bool = True) -> Volume:
    """Return a volume on blocks of its voxels, no larger than a spacing.

    Args:
        volume: Mask or occupancy.
        spacing_mm: Blocks hold as many voxels as fit into this length, at least one, along each axis.
        crop: Whether to crop to the foreground first.
    """
    part = volume.crop(foreground_box(mask(volume))) if crop else volume
    return block_mean(part, voxels_within(spacing_mm, volume.spacing))


def voxels_within(length_mm: float, spacing: np.ndarray) -> np.ndarray:
    """Return how many voxels fit into a length along each axis, at least one.

    >>> voxels_within(2.0, np.array([0.5, 0.9, 3.0])).tolist()
    [4, 2, 1]
    """
    return np.maximum(np.floor(length_mm / spacing + 1e-6), 1).astype(int)  # 1e-6: for a length of exactly so many


def block_mean(volume: Volume, block: Sequence[int] | np.ndarray, *, padded: bool = True) -> Volume:
    """Return the mean of each block of voxels, float32.

    Args:
        volume: Mask of type bool, or occupancy.
        block: Voxels of a block along each axis.
        padded: Whether the last blocks of an axis are filled up with zeros; else they average the voxels they have.

    >>> mask = Volume(np.array([1, 1, 1, 0, 1], dtype=bool).reshape(5, 1, 1), np.eye(4))
    >>> block_mean(mask, (2, 1, 1)).voxels.ravel().tolist()
    [1.0, 0.5, 0.5]
    >>> block_mean(mask, (2, 1, 1), padded=False).voxels.ravel().tolist()
    [1.0, 0.5, 1.0]
    >>> block_mean(mask, (2, 1, 1)).affine[:, 3].tolist()
    [0.5, 0.0, 0.0, 1.0]
    """
    block = np.asarray(block)
    slowest_first = sorted(enumerate(block), key=lambda each: -abs(volume.voxels.strides[each[0]]))
    sums = reduce(_block_sums, slowest_first, volume.voxels)
    counts = np.prod(block)
    if not padded:
        starts = (np.arange(0, length, size) for length, size in zip(volume.shape, block, strict=True))
        held = [np.diff(s, append=length) for s, length in zip(starts, volume.shape, strict=True)]
        counts = reduce(np.multiply.outer, held)
    affine = volume.affine.copy()
    affine[:3, :3] *= block
    affine[:3, 3] = volume.to_ras((block[None] - 1) / 2)[0]
    return Volume(np.ascontiguousarray(np.divide(sums, counts, dtype=np.float32)), affine)


def _block_sums(values: np.ndarray, axis_and_size: tuple[int, int]) -> np.ndarray:
    """Return the sums of so many neighboring values along an axis; the last may be of fewer.

    Like ``np.add.reduceat``, down to the order of additions, in a fifth of the time.
    """
    axis, size = axis_and_size
    members = [values[(slice(None),) * axis + (slice(start, None, size),)] for start in range(size)]
    first = members[0].astype(np.uint16 if values.dtype == bool else values.dtype)
    others = np.zeros_like(first)
    for member in members[1:]:
        others[tuple(map(slice, member.shape))] += member
    return first + others


def resampled_occupancy(mask: Volume, affine: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Resample a mask to other voxels of about its own size or coarser, as the fraction of each that it fills.

    Args:
        mask: Mask of shape (I, J, K).
        affine: From indices of the other voxels to RAS mm.
        shape: How many of them there are along each axis.

    Returns:
        float32 of the given shape, 0 to 1.
    """
    inside = mask.with_voxels(mask.voxels != 0)
    try:
        part = inside.crop(foreground_box(inside.voxels))
    except InputError:
        return np.zeros(shape, np.float32)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    coarse = block_mean(part, np.maximum(1, (spacing.mean() / mask.spacing).astype(int)))
    return resample(coarse.voxels, np.linalg.inv(coarse.affine) @ affine, shape)


def resample(values: np.ndarray, to_indices: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Interpolate values linearly on another grid; 0 outside their own.

    Args:
        values: Array of shape (I, J, K).
        to_indices: 4×4 matrix from indices of the other grid to indices of the values.
        shape: Shape of the other grid.

    Returns:
        float32 of the given shape.
    """
    values = np.asarray(values, dtype=np.float32)
    return ndimage.affine_transform(values, to_indices[:3, :3], to_indices[:3, 3], shape, order=1, mode="grid-constant")
