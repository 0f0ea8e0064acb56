"""A straightforward implementation of CraNeXt, to measure the library's network against.

It has the same layers and state dict entries as ``CraNeXtLib.networks.cranext``, but uses PyTorch's own operations
only: its gradient of the depthwise convolution, channels first, channel norms from means and squares, concatenation
before the 1³ convolution, and the sigmoid inside. It follows the paper and the published architecture, not the
published code.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTHS = (32, 64, 128, 256, 512, 256, 128, 64, 32)
DEPTHS = (1, 1, 1, 3, 1, 1, 1, 1, 1)


class ChannelNorm(nn.Module):
    """Layer normalization over the channels of (B, C, X, Y, Z)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(1, keepdim=True)
        square = (x - mean).pow(2).mean(1, keepdim=True)
        x = (x - mean) / torch.sqrt(square + 1e-6)
        return self.weight[:, None, None, None] * x + self.bias[:, None, None, None]


class Response(nn.Module):
    """Global response normalization of (B, X, Y, Z, C) over X and Y."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma, self.beta = (nn.Parameter(torch.zeros(1, 1, 1, channels)) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        norm = torch.norm(x, p=2, dim=(1, 2), keepdim=True)
        return self.gamma * (x * (norm / (norm.mean(dim=-1, keepdim=True) + 1e-6))) + self.beta + x


class Block(nn.Module):
    """Residual block."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv3d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.pointwise = nn.Linear(channels, 4 * channels)
        self.grn = Response(4 * channels)
        self.compress = nn.Linear(4 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 4, 1))
        y = self.compress(self.grn(functional.gelu(self.pointwise(y))))
        return x + y.permute(0, 4, 1, 2, 3)


class Up(nn.Module):
    """Nearest-neighbor upsampling, norm and 3³ convolution."""

    def __init__(self, channels: int, narrower: int) -> None:
        super().__init__()
        self.norm = ChannelNorm(channels)
        self.compress = nn.Conv3d(channels, narrower, 3, padding=1)

    def forward(self, x: Tensor, size: torch.Size) -> Tensor:
        return self.compress(self.norm(functional.interpolate(x, size=size)))


class Joint(nn.Module):
    """Concatenation and 1³ convolution."""

    def __init__(self, channels: int, narrower: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(channels, narrower, 1)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return self.conv(torch.cat((x, skip), dim=1))


class PlainCraNeXt(nn.Module):
    """The network with the published widths and depths; gives probabilities (B, 1, X, Y, Z)."""

    def __init__(self) -> None:
        super().__init__()
        down, up = WIDTHS[:5], WIDTHS[5:]
        self.init_stage = nn.Sequential(nn.Conv3d(1, 32, 7, padding=3), Block(32))
        self.downsample_layers = nn.ModuleList([nn.Sequential(nn.Conv3d(32, 32, 2, 2), ChannelNorm(32))])
        for width, wider in pairwise(down):
            self.downsample_layers.append(nn.Sequential(ChannelNorm(width), nn.Conv3d(width, wider, 2, 2)))
        self.down_norms = nn.ModuleList(map(ChannelNorm, down))
        self.upsample_layers = nn.ModuleList(map(Up, WIDTHS[4:-1], up))
        self.concat = nn.ModuleList(Joint(2 * width, width) for width in up)
        self.up_norms = nn.ModuleList(map(ChannelNorm, up))
        self.upscale_out = Up(32, 32)
        self.final_concat = Joint(64, 32)
        self.final_convolution = nn.Conv3d(32, 1, 1, bias=False)
        stages = [
            nn.Sequential(*(Block(width) for _ in range(depth))) for width, depth in zip(WIDTHS, DEPTHS, strict=True)
        ]
        self.down_stages, self.up_stages = nn.ModuleList(stages[:5]), nn.ModuleList(stages[5:])

    def forward(self, x: Tensor) -> Tensor:
        x = self.init_stage(x)
        skips = []
        for layer, norm, stage in zip(self.downsample_layers, self.down_norms, self.down_stages, strict=True):
            skips.append(x)
            x = stage(norm(layer(x)))
        for layer, join, stage, norm in zip(
            self.upsample_layers, self.concat, self.up_stages, self.up_norms, strict=True
        ):
            skip = skips.pop()
            x = norm(stage(join(layer(x, skip.shape[2:]), skip)))
        skip = skips.pop()
        x = self.final_concat(self.upscale_out(x, skip.shape[2:]), skip)
        return torch.sigmoid(self.final_convolution(x))
