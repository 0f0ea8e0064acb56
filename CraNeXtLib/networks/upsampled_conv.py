"""A 3³ convolution of a volume upsampled by nearest neighbor, computed on the small volume.

Every voxel of the upsampled volume is a copy. The products with the 27 taps are therefore computed once per voxel of
the small volume, then copied and summed one axis at a time: the result is exact, takes an eighth of the work, and the
upsampled volume never exists. ``upsampled_conv`` is for training; the other functions, for streaming, take tensors
(Z, X, Y, C) with the third axis of the volume first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional


def upsampled_conv(x: Tensor, weight: Tensor, size: Sequence[int]) -> Tensor:
    """Return the zero-padded convolution of a volume upsampled by nearest neighbor.

    The products, 27·O channels of the small volume, exist for a moment but are not stored for the backward pass.

    Args:
        x: The small volume, (B, C, x, y, z).
        weight: (O, C, 3, 3, 3).
        size: Size of the upsampled volume: X, Y, Z.

    Returns:
        (B, O, X, Y, Z), in memory with the channels last.
    """
    batch, channels, *lengths = x.shape
    # PyTorch transposes two axes far faster than it permutes five.
    taps = weight.flatten(0, 1).flatten(1).t().contiguous().view(-1, channels)  # (27·O, C)
    products = functional.linear(x.movedim(1, -1), taps).view(batch, *lengths, 3, 3, 3, -1)
    copies = (_tap_copies(*pair).flatten(1).to(x) for pair in zip(lengths, size, strict=True))
    by_axis = products.permute(0, 1, 4, 2, 5, 3, 6, 7)  # (B, x, 3, y, 3, z, 3, O)
    whole = by_axis.reshape(batch, 3 * lengths[0], -1)
    for axis, copy in enumerate(copies):
        whole = torch.matmul(copy, whole.reshape(batch, *size[:axis], 3 * lengths[axis], -1))
    return whole.movedim(-1, 1)


def _tap_copies(length: int, upsampled_length: int) -> Tensor:
    """Return 1 where the product of a voxel and a tap contributes to an upsampled voxel: (upsampled, voxels, 3)."""
    copied_from = functional.one_hot(nearest_index(length, upsampled_length), length)
    return functional.pad(copied_from, (0, 0, 1, 1)).unfold(0, 3, 1)


def pack_taps(weight: Tensor) -> Tensor:
    """Reorder a convolution's weight (O, C, 3, 3, 3), with axes (X, Y, Z), as (Y tap, C, X tap · Z tap · O)."""
    out_channels, channels = weight.shape[:2]
    return weight.permute(3, 1, 2, 4, 0).reshape(3, channels, 9 * out_channels).contiguous()


def add_upsampled_conv(out: Tensor, small: Tensor, taps: Tensor, *, after_plane: Callable[[], None]) -> None:
    """Add to ``out`` the zero-padded convolution of ``small`` upsampled to its size by nearest neighbor.

    Args:
        out: (Z, X, Y, O), changed in place.
        small: (z, x, y, C).
        taps: From ``pack_taps``.
        after_plane: Called after each plane of the small volume.
    """
    depth, width, height, out_channels = out.shape
    z_source, x_source, y_source = (
        nearest_index(*lengths) for lengths in zip(small.shape, out.shape[:3], strict=False)
    )
    x_source, y_source = x_source.to(out.device), y_source.to(out.device)
    for z, plane in enumerate(small):
        products = _summed_taps([plane @ tap for tap in taps], y_source, axis=1)
        products = _summed_taps(products.view(*products.shape[:2], 3, 3 * out_channels).unbind(2), x_source, axis=0)
        for tap, product in enumerate(products.view(width, height, 3, out_channels).unbind(2)):
            for target in (torch.nonzero(z_source == z).flatten() + 1 - tap).tolist():
                if 0 <= target < depth:
                    out[target] += product
        after_plane()


def nearest_index(length: int, upsampled_length: int) -> Tensor:
    """Return, for each upsampled voxel along an axis, the voxel that PyTorch copies as its nearest neighbor."""
    indices = torch.arange(length, dtype=torch.float32)
    return functional.interpolate(indices[None, None], size=upsampled_length, mode="nearest")[0, 0].long()


def _summed_taps(products: Sequence[Tensor], source: Tensor, *, axis: int) -> Tensor:
    """Upsample the products with each of three taps along an axis, shift them by the tap's offset and add them up."""
    before, center, after = products
    total = center.index_select(axis, source)
    total.narrow(axis, 1, len(source) - 1).add_(before.index_select(axis, source[:-1]))
    total.narrow(axis, 0, len(source) - 1).add_(after.index_select(axis, source[1:]))
    return total
