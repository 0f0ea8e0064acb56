"""The parts that the ConvNeXt networks share. Tensors are (B, C, X, Y, Z) unless said otherwise.

Attribute names are those of the published CraNeXt checkpoint, so that its entries load unchanged.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.networks.depthwise_conv import DepthwiseConv3d

# Axes of a (B, X, Y, Z, C) tensor that the response is normalised over.
GRN_AXES = {"official": (1, 2), "3d": (1, 2, 3)}
LAYER_NORM_EPS = 1e-6
GRN_EPS = 1e-6


class LayerNorm(nn.LayerNorm):
    """Layer normalisation over the channels of each voxel, channels last, in the precision of its weights.

    Autocast sees to that on a GPU, but not on the CPU, where in bfloat16 the gradients of the weights, sums over all
    voxels, come out as good as random.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=LAYER_NORM_EPS)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.to(self.weight.dtype))


class LayerNorm3d(LayerNorm):
    """The same of channels first."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class GRN(nn.Module):
    """Global response normalisation, of tensors (B, X, Y, Z, C).

    Args:
        channels: Number of channels.
        kind: ``"official"`` takes the L2 norm over X and Y alone, as the published code does, and so treats each
            index of Z for itself; ``"3d"`` takes it over the whole volume, as Woo et al. 2023 (ConvNeXt V2) define it.
            Both have the same parameters.

    Raises:
        InputError: If the kind is unknown.
    """

    def __init__(self, channels: int, *, kind: str = "official") -> None:
        super().__init__()
        if kind not in GRN_AXES:
            raise InputError(f"There is no GRN of kind '{kind}'; choose one of {', '.join(GRN_AXES)}.")
        self.axes = GRN_AXES[kind]
        self.gamma = nn.Parameter(torch.zeros(1, 1, 1, channels))
        self.beta = nn.Parameter(torch.zeros(1, 1, 1, channels))

    def scale(self, norm: Tensor) -> Tensor:
        """Return the factor that each response is multiplied with, from its L2 norm (last axis: channels)."""
        return 1 + self.gamma * (norm / (norm.mean(dim=-1, keepdim=True) + GRN_EPS))

    def forward(self, x: Tensor) -> Tensor:
        return torch.addcmul(self.beta, x, self.scale(self.norm(x)))

    def norm(self, x: Tensor) -> Tensor:
        """Return the L2 norm of each channel, over the axes that the kind names; they stay, with length 1."""
        return torch.linalg.vector_norm(x, dim=self.axes, keepdim=True)


class DropPath(nn.Module):
    """Stochastic depth: in training, drops a residual branch for a whole sample, and scales up the others."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.probability == 0:
            return x
        kept = torch.rand(x.shape[0], 1, 1, 1, 1, device=x.device) >= self.probability
        return x * (kept / (1 - self.probability)).to(x.dtype)


class ConvNeXtBlock(nn.Module):
    """Residual block of ConvNeXt V2 in 3D: 7³ depthwise convolution, then a pointwise perceptron with GRN.

    Args:
        channels: Number of channels, of input and output.
        grn: Kind of the GRN.
        drop_path: Probability that training drops the branch.
    """

    def __init__(self, channels: int, *, grn: str = "official", drop_path: float = 0.0) -> None:
        super().__init__()
        self.depthwise = DepthwiseConv3d(channels, 7)
        self.norm = LayerNorm(channels)
        self.pointwise = nn.Linear(channels, 4 * channels)
        self.act = nn.GELU()
        self.grn = GRN(4 * channels, kind=grn)
        self.compress = nn.Linear(4 * channels, channels)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        x = x.contiguous(memory_format=torch.channels_last_3d)  # else every pointwise step copies its input
        branch = self.perceptron(self.depthwise(x).movedim(1, -1))
        return x + self.drop_path(branch.movedim(-1, 1))

    def perceptron(self, x: Tensor) -> Tensor:
        """Return the pointwise half of the branch, (B, X, Y, Z, C) to the same shape."""
        return self.compress(self.grn(self.responses(x)))

    def responses(self, x: Tensor) -> Tensor:
        """Return the responses before GRN, (B, X, Y, Z, 4·C), each voxel's from its own channels alone."""
        return self.act(self.pointwise(self.norm(x)))


class Upsample(nn.Module):
    """Layer normalisation, nearest-neighbour upsampling to a given size and a 3³ convolution."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.norm = LayerNorm3d(in_channels)
        self.compress = nn.Conv3d(in_channels, out_channels, kernel_size=3, padding=1)

    def forward(self, x: Tensor, size: torch.Size) -> Tensor:
        return self.compress(
            functional.interpolate(self.norm(x), size=size, mode="nearest")
        )  # a voxel's norm is its own


class Join(nn.Module):
    """1³ convolution of two tensors concatenated along the channels, as the sum of one convolution of each."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(in_channels, out_channels, kernel_size=1)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        of_x, of_skip = self.conv.weight.split((x.shape[1], skip.shape[1]), dim=1)
        return functional.conv3d(x, of_x, self.conv.bias) + functional.conv3d(skip, of_skip)


def fused(conv: nn.Conv3d, join: nn.Conv3d, last: nn.Conv3d | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """Return the weights of the one linear step that an upsampling's convolution and what follows it amount to.

    Args:
        conv: Convolution of the upsampled volume.
        join: 1³ convolution of its output, concatenated with a skip.
        last: Perhaps a 1³ convolution of what the join gives.

    Returns:
        Kernel for the upsampled volume (O, C, 3, 3, 3), matrix for the skip's channels (O, S), bias (O).
    """
    weight, bias = join.weight.flatten(1), join.bias
    if last is not None:
        of_join = last.weight.flatten(1)
        weight, bias = of_join @ weight, of_join @ bias
        if last.bias is not None:
            bias = bias + last.bias
    of_x, of_skip = weight[:, : conv.out_channels], weight[:, conv.out_channels :]
    return torch.einsum("oi,icxyz->ocxyz", of_x, conv.weight), of_skip, bias + of_x @ conv.bias
