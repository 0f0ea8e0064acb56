"""Depthwise 3D convolution with fast gradients on the CPU.

There, PyTorch's gradients of a grouped 3D convolution take ten to thirty times as long as its forward pass. Fast
operations give both exactly: the gradient of the input is a convolution with the flipped kernel, and that of the weight
is a cross-correlation of input and output gradient at a few lags, computed by Fourier transform.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import torch
from scipy.fft import next_fast_len
from torch import Tensor, nn
from torch.nn import functional

# Channels are transformed in groups of about this many voxels, so that their spectra fit into the processor's cache.
_CACHED_VOXELS = 2**17


class DepthwiseConv3d(nn.Conv3d):
    """Zero-padded convolution of each channel with its own cubic kernel: (B, C, X, Y, Z) to the same shape.

    Args:
        channels: Number of output channels.
        kernel_size: Side of the kernel, odd.
        one_input: Whether all kernels take the same single input channel, as in a first layer.
    """

    def __init__(self, channels: int, kernel_size: int, *, one_input: bool = False) -> None:
        inputs = 1 if one_input else channels
        super().__init__(inputs, channels, kernel_size, padding=kernel_size // 2, groups=inputs)

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type == "cpu" and torch.is_grad_enabled() and self.weight.requires_grad:
            return _DepthwiseConv3d.apply(x, self.weight, self.bias)
        return super().forward(x)


def _convolve(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return functional.conv3d(x, weight, bias, padding=weight.shape[-1] // 2, groups=x.shape[1])


class _DepthwiseConv3d(torch.autograd.Function):
    @staticmethod
    @torch.amp.custom_fwd(device_type="cpu", cast_inputs=torch.float32)
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _convolve(x, weight, bias)

    @staticmethod
    @torch.amp.custom_bwd(device_type="cpu")
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        wants_x, wants_weight, wants_bias = ctx.needs_input_grad
        of_x = _convolve(gradient, weight.flip(2, 3, 4)) if wants_x else None
        if of_x is not None and x.shape[1] == 1:
            of_x = of_x.sum(1, keepdim=True)
        return (
            of_x,
            _weight_gradient(x, gradient, weight.shape[-1]) if wants_weight else None,
            gradient.sum((0, 2, 3, 4)) if wants_bias else None,
        )


def _weight_gradient(x: Tensor, gradient: Tensor, kernel_size: int) -> Tensor:
    """Return the sum over voxels v of x[v + lag] · gradient[v] for each lag of the kernel, (C, 1, K, K, K)."""
    radius = kernel_size // 2
    size = [next_fast_len(length + radius, real=True) for length in x.shape[2:]]  # the lags must not wrap around
    lags = torch.arange(-radius, radius + 1)
    # Inverse transforms as matrices, since only a few of their results are needed.
    of_x, of_y = (torch.fft.ifft(torch.eye(length, dtype=x.dtype), dim=0)[lags] for length in size[:2])
    group = max(1, _CACHED_VOXELS // math.prod(size))
    inputs, gradients_of_outputs = (_padded(y, size).split(group) for y in (x, gradient))
    spectra: Iterator[Tensor] = (torch.fft.rfftn(xs, dim=(2, 3, 4)) for xs in inputs)
    if x.shape[1] == 1:
        spectra = repeat(next(spectra))
    kernels = []
    for x_spectrum, gradients in zip(spectra, gradients_of_outputs, strict=False):
        products = x_spectrum * torch.fft.rfftn(gradients, dim=(2, 3, 4)).conj()
        spectrum = products.sum(1) if products.shape[1] > 1 else products.squeeze(1)
        spectrum = of_y @ (of_x @ spectrum.flatten(2)).unflatten(2, spectrum.shape[2:])
        kernels.append(torch.fft.irfft(spectrum, n=size[2], dim=3)[..., lags])
    return torch.cat(kernels).unsqueeze(1)


def _padded(x: Tensor, size: list[int]) -> Tensor:
    """Return (C, B, *size), the volumes of (B, C, X, Y, Z) with zeros behind each axis."""
    batch, channels, planes, width, height = x.shape
    padded = x.new_zeros(channels, batch, *size)
    for plane in range(planes):  # PyTorch permutes planes several times as fast as whole volumes
        padded[:, :, plane, :width, :height] = x[:, :, plane].transpose(0, 1)
    return padded
