"""A 3³ convolution of a nearest-upsampled volume, worked out on the small volume.

Every voxel of the upsampled volume is a copy, so its products with the 27 taps are computed once for the voxel that it
was copied from, and the products are then copied and summed, an axis at a time: exact, an eighth of the work, and the
upsampled volume never exists. ``upsampled_conv`` is for training; the others, for streaming, have tensors (Z, X, Y, C):
the third axis of the volume first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional


def upsampled_conv(x: Tensor, weight: Tensor, size: Sequence[int]) -> Tensor:
    """Return the zero-padded convolution of a volume that is upsampled by nearest neighbour.

    Keeps 27·O channels of the small volume for the backward pass; worth it for few output channels.

    Args:
        x: The small volume, (B, C, x, y, z).
        weight: (O, C, 3, 3, 3).
        size: Voxels of the upsampled volume, X, Y and Z.

    Returns:
        (B, O, X, Y, Z).
    """
    products = torch.einsum("ocijk,bcxyz->bijkoxyz", weight, x)
    spread = [_spreading(*lengths).to(x) for lengths in zip(x.shape[2:], size, strict=True)]
    return torch.einsum("bijkoxyz,Xxi,Yyj,Zzk->boXYZ", products, *spread)


def _spreading(length: int, upsampled_length: int) -> Tensor:
    """Return 1 where a voxel's product with a tap belongs to an upsampled voxel: (upsampled voxels, voxels, 3 taps)."""
    copied_from = functional.one_hot(nearest_index(length, upsampled_length), length)
    return functional.pad(copied_from, (0, 0, 1, 1)).unfold(0, 3, 1)


def pack_taps(weight: Tensor) -> Tensor:
    """Return a convolution's weight (O, C, 3, 3, 3), over (X, Y, Z), as (3, C, 3·3·O): Y tap; C; X tap, Z tap, O."""
    out_channels, channels = weight.shape[:2]
    return weight.permute(3, 1, 2, 4, 0).reshape(3, channels, 9 * out_channels).contiguous()


def add_upsampled_conv(out: Tensor, small: Tensor, taps: Tensor, *, after_plane: Callable[[], None]) -> None:
    """Add to ``out`` the zero-padded convolution of ``small``, upsampled to its size by nearest neighbour.

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
        products = _spread([plane @ tap for tap in taps], y_source, axis=1)
        products = _spread(products.view(*products.shape[:2], 3, 3 * out_channels).unbind(2), x_source, axis=0)
        for tap, product in enumerate(products.view(width, height, 3, out_channels).unbind(2)):
            for target in (torch.nonzero(z_source == z).flatten() + 1 - tap).tolist():
                if 0 <= target < depth:
                    out[target] += product
        after_plane()


def nearest_index(length: int, upsampled_length: int) -> Tensor:
    """Return, for each upsampled voxel along an axis, the voxel that PyTorch's nearest neighbour copies."""
    indices = torch.arange(length, dtype=torch.float32)
    return functional.interpolate(indices[None, None], size=upsampled_length, mode="nearest")[0, 0].long()


def _spread(products: Sequence[Tensor], source: Tensor, *, axis: int) -> Tensor:
    """Upsample the products of each of three taps along an axis and sum them, each shifted by its tap's place."""
    before, centre, after = products
    total = centre.index_select(axis, source)
    total.narrow(axis, 1, len(source) - 1).add_(before.index_select(axis, source[:-1]))
    total.narrow(axis, 0, len(source) - 1).add_(after.index_select(axis, source[1:]))
    return total
