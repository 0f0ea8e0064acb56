"""The residual U-Net of Wodzinski et al., which won the AutoImplant 2021 challenge."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from CraNeXtLib.networks.input_size import check_input, padded_to


class WodzinskiUNet(nn.Module):
    """The reconstruction network of Wodzinski et al. 2022 (doi 10.1016/j.cmpb.2022.107173), without its last sigmoid.

    Written only from a description of its layers, as the license of their code does not allow adapting it; the names of
    the weights are ours. After its residual blocks, every stage halves or doubles the grid with a strided convolution
    of 4³ voxels; only the last of these works at full resolution. The stage ratio in the CraNeXt paper,
    0:1:2:3:3:2:1:1, is the number of blocks of each stage. Input (B, C, X, Y, Z), output logits (B, 1, X, Y, Z).

    Like theirs, it accepts sizes that are not divisible by 16 by padding with zeros before a skip joins. They train it
    at 1 mm to predict the implant itself; set ``data.target`` to ``implant`` for that.

    Args:
        in_channels: Channels of the input.
        down_widths: Channels of the blocks of each stage of the encoder; the last also of the stage's output. The first
            stage has no blocks.
        up_widths: Channels of the blocks of each stage of the decoder, and of the stage's output.
    """

    def __init__(
        self,
        *,
        in_channels: int = 1,
        down_widths: Sequence[Sequence[int]] = ((32,), (64,), (64, 64), (128, 128, 128)),
        up_widths: Sequence[Sequence[int]] = ((256, 256, 256, 128), (64, 64, 64), (32, 32), (32, 32)),
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        channels = in_channels
        for number, widths in enumerate(down_widths):
            blocks = [self.block(a, b) for a, b in pairwise([channels, *widths])] if number else []
            self.down.append(nn.Sequential(*blocks, *_resized(nn.Conv3d, widths[-1] if number else channels, widths)))
            channels = widths[-1]
        skips = [widths[-1] for widths in down_widths[-2::-1]] + [0]
        for widths, skip in zip(up_widths, skips, strict=True):
            blocks = [self.block(a, b) for a, b in pairwise([channels, *widths[:-1]])]
            self.up.append(nn.Sequential(*blocks, *_resized(nn.ConvTranspose3d, widths[-2], widths)))
            channels = widths[-1] + skip
        self.final_convolution = nn.Conv3d(channels, 1, kernel_size=1)

    def block(self, in_channels: int, channels: int) -> nn.Module:
        """Return a residual block; a subclass may use another kind."""
        return PostActivationBlock(in_channels, channels)

    @property
    def deepest_layers(self) -> tuple[nn.Module, ...]:
        """The stages that work on the fewest voxels."""
        return (*self.down[-2:], *self.up[:2])

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (B, 1, X, Y, Z) of an input (B, C, X, Y, Z).

        Raises:
            InputError: If an axis is shorter than 32 voxels or the channels are not the network's.
        """
        check_input(x, self.in_channels)
        whole, skips = x, []
        for stage in self.down:
            x = stage(x)
            skips.append(x)
        x = skips.pop()
        for stage in self.up[:-1]:
            skip = skips.pop()
            x = torch.cat((padded_to(stage(x), skip), skip), dim=1)
        return self.final_convolution(padded_to(self.up[-1](x), whole))


class PostActivationBlock(nn.Module):
    """Two 3³ convolutions, each with instance normalization and activation, added to a 1³ convolution of the input."""

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv3d(in_channels, channels, kernel_size=3, padding=1),
            *_norm_and_activation(channels),
            nn.Conv3d(channels, channels, kernel_size=3, padding=1),
            *_norm_and_activation(channels),
        )
        self.skip = nn.Conv3d(in_channels, channels, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.branch(x) + self.skip(x)


def _resized(kind: type[nn.Module], in_channels: int, widths: Sequence[int]) -> tuple[nn.Module, ...]:
    """Return the end of a stage: a convolution that halves or doubles the grid, normalization and activation."""
    return kind(in_channels, widths[-1], kernel_size=4, stride=2, padding=1), *_norm_and_activation(widths[-1])


def _norm_and_activation(channels: int) -> tuple[nn.Module, nn.Module]:
    return nn.GroupNorm(channels, channels), nn.LeakyReLU(0.01)
