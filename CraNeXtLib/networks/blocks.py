"""Building blocks of the ConvNeXt networks. Tensors are (B, C, X, Y, Z) unless stated otherwise.

Attributes are named as in the published CraNeXt checkpoint, so that its entries load unchanged.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.networks.cranext_sizes import EPS
from CraNeXtLib.networks.depthwise_conv import DepthwiseConv3d
from CraNeXtLib.networks.perceptron_in_slabs import PerceptronWeights, grn_scale, perceptron_in_slabs
from CraNeXtLib.networks.upsampled_conv import upsampled_conv

# Axes of a (B, X, Y, Z, C) tensor over which responses are normalized.
GRN_AXES = {"official": (1, 2), "3d": (1, 2, 3)}


class LayerNorm(nn.LayerNorm):
    """Layer normalization over the channels of each voxel, channels last, in the precision of its weights.

    Autocast ensures that precision on a GPU but not on the CPU. There the gradients of the weights, which are sums over
    all voxels, would be practically random in bfloat16.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=EPS)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.to(self.weight.dtype))


class LayerNorm3d(LayerNorm):
    """Layer normalization over the channels of each voxel, channels first."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class GRN(nn.Module):
    """Global response normalization (GRN) of tensors (B, X, Y, Z, C).

    Args:
        channels: Number of channels.
        kind: ``"official"`` takes the L2 norm over X and Y only, separately for each index of Z, as the published
            code does; ``"3d"`` takes it over the whole volume, as Woo et al. 2023 (ConvNeXt V2) define it. Both have
            the same parameters.

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
        """Return the factor for each response, given the L2 norm of its channel (channels last)."""
        return grn_scale(norm, self.gamma)

    def forward(self, x: Tensor) -> Tensor:
        return torch.addcmul(self.beta, x, self.scale(self.norm(x)))

    def norm(self, x: Tensor) -> Tensor:
        """Return the L2 norm of each channel over the axes of this kind, which keep length 1."""
        return torch.linalg.vector_norm(x, dim=self.axes, keepdim=True)


class DropPath(nn.Module):
    """Stochastic depth: in training, drops the residual branch of random samples and scales up the others."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.probability == 0:
            return x
        kept = torch.rand(x.shape[0], 1, 1, 1, 1, device=x.device) >= self.probability
        return x * (kept / (1 - self.probability)).to(x.dtype)


class ConvNeXtBlock(nn.Module):
    """Residual block of ConvNeXt V2 in 3D: a 7³ depthwise convolution, then a pointwise perceptron with GRN.

    Args:
        channels: Number of channels of input and output.
        grn: Kind of GRN.
        drop_path: Probability of dropping the branch in training.
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
        x = x.contiguous(memory_format=torch.channels_last_3d)  # otherwise every pointwise step copies its input
        branch = self.perceptron(self.depthwise(x).movedim(1, -1))
        return x + self.drop_path(branch.movedim(-1, 1))

    def perceptron(self, x: Tensor) -> Tensor:
        """Return the pointwise half of the branch, (B, X, Y, Z, C) to the same shape."""
        if _trains_on_cpu(x):
            norm, expand, compress = self.norm, self.pointwise, self.compress
            norms, perceptron = (norm.weight, norm.bias), (expand.weight, expand.bias, self.grn.gamma, self.grn.beta)
            weights = PerceptronWeights(*norms, *perceptron, compress.weight, compress.bias)
            return perceptron_in_slabs(x.to(norm.weight.dtype), weights, norm_by_plane=len(self.grn.axes) == 2)
        return self.pointwise_layers(x)

    def pointwise_layers(self, x: Tensor) -> Tensor:
        """Return the pointwise half of the branch, computed layer by layer."""
        return self.compress(self.grn(self.responses(x)))

    def responses(self, x: Tensor) -> Tensor:
        """Return the responses before GRN, (B, X, Y, Z, 4·C); each voxel depends only on its own channels."""
        return self.act(self.pointwise(self.norm(x)))


class Upsample(nn.Module):
    """Layer normalization, nearest-neighbor upsampling to a given size, and a 3³ convolution."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.norm = LayerNorm3d(in_channels)
        self.compress = nn.Conv3d(in_channels, out_channels, kernel_size=3, padding=1)

    def forward(self, x: Tensor, size: torch.Size) -> Tensor:
        # Normalizing each voxel by itself commutes with copying it, and is cheaper before.
        return self.convolve(self.norm(x), size)

    def convolve(self, small: Tensor, size: torch.Size) -> Tensor:
        """Return the convolution of a volume upsampled to a size."""
        if _trains_on_cpu(small):
            assert self.compress.bias is not None
            return upsampled_conv(small, self.compress.weight, size) + self.compress.bias[:, None, None, None]
        return self.convolve_copies(small, size)

    def convolve_copies(self, small: Tensor, size: torch.Size) -> Tensor:
        """Return the convolution of a volume upsampled to a size, computed on the copies."""
        return self.compress(functional.interpolate(small, size=size, mode="nearest"))


class Join(nn.Module):
    """1³ convolution of two tensors concatenated along the channels, computed as a sum of two linear maps."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(in_channels, out_channels, kernel_size=1)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        of_x, of_skip = self.conv.weight.flatten(1).split((x.shape[1], skip.shape[1]), dim=1)
        joined = functional.linear(x.movedim(1, -1), of_x, self.conv.bias)
        return (joined + functional.linear(skip.movedim(1, -1), of_skip)).movedim(-1, 1)


def _trains_on_cpu(x: Tensor) -> bool:
    """Return whether to use the ways that are faster there, in single precision."""
    return x.device.type == "cpu" and torch.is_grad_enabled() and not torch.is_autocast_enabled("cpu")


def fused(conv: nn.Conv3d, join: nn.Conv3d, last: nn.Conv3d | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """Return the weights of the single linear step that equals a convolution and the 1³ convolutions after it.

    Args:
        conv: 3³ convolution of the upsampled volume, with a bias.
        join: 1³ convolution of its output concatenated with a skip, with a bias.
        last: Optional 1³ convolution of the output of ``join``.

    Returns:
        Kernel for the upsampled volume (O, C, 3, 3, 3), matrix for the skip's channels (O, S), bias (O).
    """
    assert conv.bias is not None
    assert join.bias is not None
    weight, bias = join.weight.flatten(1), join.bias
    if last is not None:
        of_join = last.weight.flatten(1)
        weight, bias = of_join @ weight, of_join @ bias
        if last.bias is not None:
            bias = bias + last.bias
    of_x, of_skip = weight[:, : conv.out_channels], weight[:, conv.out_channels :]
    return torch.einsum("oi,icxyz->ocxyz", of_x, conv.weight), of_skip, bias + of_x @ conv.bias
