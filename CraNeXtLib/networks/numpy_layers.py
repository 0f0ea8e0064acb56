"""The layers of CraNeXt in single precision by NumPy and SciPy.

Volumes are (X, Y, Z, C), channels last; weights have the shapes that PyTorch gives them. What would not fit into the
processor's cache is computed a part at a time, which halves the time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
from scipy import fft, special

from CraNeXtLib.networks.cranext_sizes import EPS

_TRANSFORMED_VOXELS = 2**17
"""Voxels of all channels that are transformed at once."""
_CONVOLVED_VOXELS = 2**10
"""Voxels whose 27 taps are summed at once."""


def linear(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Apply a matrix (O, C) and a bias (O,) to each voxel. A 1³ convolution does the same."""
    result: np.ndarray = x @ weight.reshape(len(weight), -1).T
    result += bias
    return result


def layer_norm(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Normalize the channels of each voxel."""
    result: np.ndarray = x - x.mean(-1, keepdims=True)
    result /= np.sqrt(np.square(result).mean(-1, keepdims=True) + np.float32(EPS))
    result *= weight
    result += bias
    return result


def gelu(x: np.ndarray) -> np.ndarray:
    """Return x·Φ(x), where Φ is the distribution function of the standard normal distribution."""
    result: np.ndarray = special.erf(x * np.float32(0.5**0.5))
    result += 1
    result *= x
    result *= np.float32(0.5)
    return result


def response_scale(x: np.ndarray, gamma: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Return the factors (1, 1, 1 or Z, C) of global response normalization, given the axes of its L2 norm."""
    squares = np.einsum("xyzc,xyzc->zc", x, x)[None, None]
    norm = np.sqrt(squares.sum(2, keepdims=True) if 2 in axes else squares)
    scale: np.ndarray = 1 + gamma * (norm / (norm.mean(-1, keepdims=True) + np.float32(EPS)))
    return scale


def depthwise_conv(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Convolve each channel with its own odd kernel (C, 1, K, K, K), zero-padded, by Fourier transform."""
    radius, axes = weight.shape[-1] // 2, (1, 2, 3)
    # Long enough that the volume does not meet its own other end.
    size = [fft.next_fast_len(max(length + radius, 2 * radius + 1), real=True) for length in x.shape[:3]]
    channels = np.ascontiguousarray(np.moveaxis(x, -1, 0))
    result = np.empty_like(channels)
    group = max(_TRANSFORMED_VOXELS // math.prod(size), 1)
    for start in range(0, len(channels), group):
        some = slice(start, start + group)
        spectrum = fft.rfftn(channels[some], size, axes)
        spectrum *= np.conj(fft.rfftn(weight[some, 0], size, axes))  # networks correlate instead of convolving
        correlation = np.roll(fft.irfftn(spectrum, size, axes), radius, axes)
        result[some] = correlation[:, : x.shape[0], : x.shape[1], : x.shape[2]]
    return np.add(np.moveaxis(result, 0, -1), bias, out=np.empty_like(x))


def conv3(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Convolve with a kernel (O, C, 3, 3, 3), zero-padded.

    In the padded volume, seen as a list of voxels, the neighbor in a direction is equally far from every voxel, so that
    each tap is one product of matrices.
    """
    padded = np.pad(x, ((1, 1), (1, 1), (1, 1), (0, 0)))
    voxels, (_, y, z, channels) = padded.reshape(-1, padded.shape[-1]), padded.shape
    taps = np.ascontiguousarray(weight.transpose(2, 3, 4, 1, 0)).reshape(27, channels, -1)
    offsets = [(i * y + j) * z + k for i, j, k in product((-1, 0, 1), repeat=3)]
    result = np.zeros((len(voxels), len(weight)), np.float32)
    first, last = offsets[-1], len(voxels) - offsets[-1]  # all neighbors of those between lie in the list
    for start in range(first, last, _CONVOLVED_VOXELS):
        stop = min(start + _CONVOLVED_VOXELS, last)
        part = result[start:stop]
        for offset, tap in zip(offsets, taps, strict=True):
            part += voxels[start + offset : stop + offset] @ tap
    return result.reshape(*padded.shape[:3], -1)[1:-1, 1:-1, 1:-1] + bias


def halved(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Convolve with a kernel (O, C, 2, 2, 2) in steps of two voxels; an odd last plane is left out."""
    a, b, c = (length // 2 for length in x.shape[:3])
    blocks = x[: 2 * a, : 2 * b, : 2 * c].reshape(a, 2, b, 2, c, 2, -1).transpose(0, 2, 4, 6, 1, 3, 5)
    return linear(blocks.reshape(a, b, c, -1), weight, bias)


def upsampled_conv(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """Upsample by nearest neighbor to a size and convolve with a kernel (O, C, 3, 3, 3), zero-padded.

    The products with the taps are computed once for each voxel of the small volume, then copied and summed, as in
    :mod:`CraNeXtLib.networks.upsampled_conv`.
    """
    taps = weight.transpose(2, 3, 4, 0, 1).reshape(-1, weight.shape[1])
    sums = (x @ taps.T).reshape(*x.shape[:3], 3, 3, 3, len(weight))
    for axis in (2, 1, 0):
        sums = _upsampled_sums(sums, axis, nearest_index(x.shape[axis], size[axis]))
    return sums + bias


def nearest_index(length: int, upsampled_length: int) -> np.ndarray:
    """Return, for each upsampled voxel along an axis, the voxel that PyTorch copies as its nearest neighbor."""
    scale = np.float32(length) / np.float32(upsampled_length)
    return np.minimum((np.arange(upsampled_length, dtype=np.float32) * scale).astype(int), length - 1)


def _upsampled_sums(products: np.ndarray, axis: int, source: np.ndarray) -> np.ndarray:
    """Copy products along an axis, shift those of its three taps by their offsets, and add them up.

    Args:
        products: (X, Y, Z, 3, …, O), with one axis of taps for each spatial axis up to this one.
        axis: The spatial axis.
        source: The voxel that each upsampled voxel copies.
    """
    before, total, after = (np.take(part, source, axis) for part in np.moveaxis(products, axis + 3, 0))
    first, rest = ((slice(None),) * axis + (part,) for part in (slice(None, -1), slice(1, None)))
    total[rest] += before[first]
    total[first] += after[rest]
    return total
