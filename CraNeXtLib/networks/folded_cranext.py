"""CraNeXt after space-to-depth: blocks of 2³ voxels become channels, for an eighth of the voxels to compute."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.networks.cranext import CraNeXt
from CraNeXtLib.networks.cranext_sizes import CORNERS, FOLD, MINIMUM_SIZE


class FoldedCraNeXt(nn.Module):
    """CraNeXt between space-to-depth and depth-to-space, which turn blocks of 2³ voxels into channels and back.

    Nine tenths of CraNeXt's work is done at full resolution. Here the first convolution takes the voxels of a block as
    channels, and the last one returns a logit for each of them (pixel shuffle, Shi et al. 2016), so that everything in
    between runs at half the resolution. The stem's kernel covers 3³ blocks, about the published 7³ voxels. Input
    (B, C, X, Y, Z) with even sizes of at least 64, output logits (B, 1, X, Y, Z).

    Args:
        in_channels: Channels of the input.
        mirrored: Also feed the network its input's mirror image along X, which shows the other side of the head if the
            grid is aligned with RAS (the idea of arXiv 2411.17342, without finding the plane of symmetry).
        options: Those of ``CraNeXt``.
    """

    def __init__(self, *, in_channels: int = 1, mirrored: bool = False, **options: Any) -> None:
        super().__init__()
        self.in_channels, self.mirrored = in_channels, mirrored
        self.network = CraNeXt(in_channels=in_channels * CORNERS * (2 if mirrored else 1), **options)
        stem, tail = self.network.stem, self.network.final_convolution
        self.network.init_stage[0] = nn.Conv3d(stem.in_channels, stem.out_channels, kernel_size=3, padding=1)
        self.network.final_convolution = nn.Conv3d(tail.in_channels, CORNERS, kernel_size=1)

    def check(self, x: Tensor) -> None:
        """Raise InputError if the network does not accept the tensor."""
        sizes = x.shape[2:]
        least = FOLD * MINIMUM_SIZE
        if x.ndim != 5 or x.shape[1] != self.in_channels or any(size < least or size % FOLD for size in sizes):
            raise InputError(
                f"The network takes (batch, {self.in_channels}, X, Y, Z) with even sizes of at least {least}, not "
                f"{tuple(x.shape)}; resample the volume to another grid or choose a model with other channels."
            )

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (B, 1, X, Y, Z) of an input (B, C, X, Y, Z).

        Raises:
            InputError: If a size is odd or below 64, or the channels are not the network's.
        """
        self.check(x)
        return unfolded(self.network(self.blocks(x)))

    def blocks(self, x: Tensor) -> Tensor:
        """Return the input of the inner network, with the mirror image if the network is ``mirrored``."""
        return folded(torch.cat((x, x.flip(2)), dim=1) if self.mirrored else x)


def folded(x: Tensor) -> Tensor:
    """Space-to-depth (pixel unshuffle) in 3D: turn (B, C, X, Y, Z) into (B, 8 C, X / 2, Y / 2, Z / 2)."""
    x = x.unflatten(4, (-1, FOLD)).unflatten(3, (-1, FOLD)).unflatten(2, (-1, FOLD))
    return x.permute(0, 1, 3, 5, 7, 2, 4, 6).flatten(1, 4).contiguous(memory_format=torch.channels_last_3d)


def unfolded(x: Tensor) -> Tensor:
    """Depth-to-space (pixel shuffle) in 3D: turn (B, 8 C, X, Y, Z) into (B, C, 2 X, 2 Y, 2 Z), undoing ``folded``."""
    x = x.unflatten(1, (-1, FOLD, FOLD, FOLD)).permute(0, 1, 5, 2, 6, 3, 7, 4)
    return x.flatten(6, 7).flatten(4, 5).flatten(2, 3)
