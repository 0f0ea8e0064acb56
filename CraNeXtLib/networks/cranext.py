"""CraNeXt: a U-shaped network of 3D ConvNeXt V2 blocks that completes a defective skull."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import cast

from torch import Tensor, nn
from torch.nn import functional

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.networks.blocks import ConvNeXtBlock, Join, LayerNorm3d, Upsample, fused
from CraNeXtLib.networks.cranext_sizes import PUBLISHED_DEPTHS, PUBLISHED_WIDTHS
from CraNeXtLib.networks.depthwise_conv import DepthwiseConv3d
from CraNeXtLib.networks.input_size import check_input
from CraNeXtLib.networks.upsampled_conv import upsampled_conv


class CraNeXt(nn.Module):
    """The network of the CraNeXt paper (2024), as in its published code.

    A stem and a tail work at full resolution; between them the encoder halves the grid at every level, and the decoder
    restores it by nearest-neighbor upsampling. Input (B, C, X, Y, Z), output logits (B, 1, X, Y, Z); the published
    network returns the sigmoid of the logits. Names and shapes in the state dict are the published ones.

    Args:
        in_channels: Channels of the input: 1 for a skull, 9 or 10 with region channels.
        depths: Number of blocks of each level, encoder first, for an odd number of levels. The block at full
            resolution before the encoder does not count.
        widths: Channels of each level.
        grn: ``"official"`` (norm over X and Y) or ``"3d"``, see ``GRN``.
        drop_path: Probability of dropping a block's branch in training, the same at all levels as in the published
            code.

    Raises:
        InputError: If depths and widths do not describe a network, or the GRN is unknown.
    """

    def __init__(
        self,
        *,
        in_channels: int = 1,
        depths: Sequence[int] = PUBLISHED_DEPTHS,
        widths: Sequence[int] = PUBLISHED_WIDTHS,
        grn: str = "official",
        drop_path: float = 0.1,
    ) -> None:
        super().__init__()
        if len(depths) != len(widths) or len(widths) % 2 == 0:
            raise InputError(f"Depths {depths} and widths {widths} must have the same odd length.")
        bottom = len(widths) // 2
        down_widths, up_widths = widths[: bottom + 1], widths[bottom + 1 :]

        def stage(width: int, depth: int) -> nn.Sequential:
            return nn.Sequential(*(ConvNeXtBlock(width, grn=grn, drop_path=drop_path) for _ in range(depth)))

        def halve(width: int, wider: int) -> nn.Conv3d:
            return nn.Conv3d(width, wider, kernel_size=2, stride=2)

        self.in_channels = in_channels
        stem = (
            DepthwiseConv3d(widths[0], 7, one_input=True)
            if in_channels == 1
            else nn.Conv3d(in_channels, widths[0], kernel_size=7, padding=3)
        )
        self.init_stage = nn.Sequential(stem, ConvNeXtBlock(widths[0], grn=grn))
        self.downsample_layers = nn.ModuleList([nn.Sequential(halve(widths[0], widths[0]), LayerNorm3d(widths[0]))])
        for width, wider in pairwise(down_widths):
            self.downsample_layers.append(nn.Sequential(LayerNorm3d(width), halve(width, wider)))
        self.down_norms = nn.ModuleList(LayerNorm3d(width) for width in down_widths)
        self.down_stages = nn.ModuleList(map(stage, down_widths, depths[: bottom + 1]))

        self.upsample_layers = nn.ModuleList(map(Upsample, widths[bottom:-1], up_widths))
        self.concat = nn.ModuleList(
            Join(width + skip, width) for width, skip in zip(up_widths, down_widths[-2::-1], strict=True)
        )
        self.up_stages = nn.ModuleList(map(stage, up_widths, depths[bottom + 1 :]))
        self.up_norms = nn.ModuleList(LayerNorm3d(width) for width in up_widths)

        self.upscale_out = Upsample(widths[-1], widths[-1])
        self.final_concat = Join(widths[0] + widths[-1], widths[-1])
        self.final_convolution = nn.Conv3d(widths[-1], 1, kernel_size=1, bias=False)

    @property
    def deepest_layers(self) -> tuple[nn.Module, ...]:
        """The layers, other than blocks, that work on the fewest voxels."""
        return (*self.downsample_layers[3:], *self.upsample_layers[:2], *self.concat[:2])

    @property
    def stem(self) -> nn.Conv3d:
        """The first convolution."""
        return cast(nn.Conv3d, self.init_stage[0])

    @property
    def first_block(self) -> ConvNeXtBlock:
        """The block at full resolution."""
        return cast(ConvNeXtBlock, self.init_stage[1])

    @property
    def upsampling_steps(self) -> list[tuple[Upsample, Join]]:
        """The upsampling before each level of the decoder, and the join with the skip."""
        steps = zip(self.upsample_layers, self.concat, strict=True)
        return [(cast(Upsample, upsample), cast(Join, join)) for upsample, join in steps]

    def check(self, x: Tensor) -> None:
        """Raise InputError if the network does not accept the tensor."""
        check_input(x, self.in_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (B, 1, X, Y, Z) of an input (B, C, X, Y, Z).

        Raises:
            InputError: If an axis is shorter than 32 voxels or the channels are not the network's.
        """
        self.check(x)
        x = self.init_stage(x)
        skips = []
        for halve, norm, stage in zip(self.downsample_layers, self.down_norms, self.down_stages, strict=True):
            skips.append(x)
            x = stage(norm(halve(x)))
        for upsample, join, stage, norm in zip(
            self.upsample_layers, self.concat, self.up_stages, self.up_norms, strict=True
        ):
            skip = skips.pop()
            x = norm(stage(join(upsample(x, skip.shape[2:]), skip)))
        return self.logits(x, skips.pop())

    def logits(self, x: Tensor, skip: Tensor) -> Tensor:
        """Return the logits from the decoder's output and the skip at full resolution.

        No activation lies between the upsampling, the join and the last convolution, so they are computed as one linear
        step: no tensor at full resolution then has more channels than the logits.
        """
        of_x, of_skip, bias = fused(self.upscale_out.compress, self.final_concat.conv, self.final_convolution)
        whole = upsampled_conv(self.upscale_out.norm(x), of_x, skip.shape[2:])
        return whole + functional.linear(skip.movedim(1, -1), of_skip, bias).movedim(-1, 1)


def blocks_of(stage: nn.Module) -> list[ConvNeXtBlock]:
    """Return the blocks of a stage."""
    return [cast(ConvNeXtBlock, block) for block in stage.children()]
