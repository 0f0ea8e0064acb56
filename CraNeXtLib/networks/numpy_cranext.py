"""The folded CraNeXt by NumPy, for the bundled models: their networks take less time than the import of PyTorch.

Training, graphics cards and larger grids are left to PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.networks.cranext_sizes import (
    CORNERS,
    EXPANSION,
    FOLD,
    KERNEL,
    MINIMUM_SIZE,
    PUBLISHED_DEPTHS,
    PUBLISHED_WIDTHS,
)
from CraNeXtLib.networks.numpy_layers import (
    conv3,
    depthwise_conv,
    gelu,
    halved,
    layer_norm,
    linear,
    response_scale,
    upsampled_conv,
)
from CraNeXtLib.networks.numpy_weights import NumpyWeights

_GRN_AXES = {"official": (0, 1), "3d": (0, 1, 2)}
_PLANES = 4
"""Planes whose responses are computed at once, to stay in the processor's cache."""


class NumpyFoldedCraNeXt:
    """A trained ``FoldedCraNeXt``; the arguments are those of its options.

    Args:
        arrays: Its state dict, of any floating type.
        in_channels: Channels of the input.
        mirrored: Whether the network is also fed the input's mirror image.
        depths: Number of blocks of each level.
        widths: Channels of each level.
        grn: Kind of GRN.
        drop_path: Ignored, as it concerns training only.

    Raises:
        InputError: If the weights are not those of such a network, or not finite.
    """

    def __init__(
        self,
        arrays: Mapping[str, np.ndarray],
        *,
        in_channels: int = 1,
        mirrored: bool = False,
        depths: Sequence[int] = PUBLISHED_DEPTHS,
        widths: Sequence[int] = PUBLISHED_WIDTHS,
        grn: str = "official",
        drop_path: float = 0.0,
    ) -> None:
        del drop_path
        if len(depths) != len(widths) or len(widths) % 2 == 0 or grn not in _GRN_AXES:
            raise InputError(f"There is no network of depths {depths}, widths {widths} and GRN {grn!r}.")
        self._in_channels, self._mirrored = in_channels, mirrored
        weights, bottom = NumpyWeights(arrays, prefix="network."), len(widths) // 2
        first, last = widths[0], widths[-1]

        def stage(name: str, width: int, depth: int) -> list[_Block]:
            return [_Block(weights, f"{name}.{block}", width, _GRN_AXES[grn]) for block in range(depth)]

        blocks = in_channels * CORNERS * (2 if mirrored else 1)
        self._stem = weights.layer("init_stage.0", first, blocks, 3, 3, 3)
        self._first_block = _Block(weights, "init_stage.1", first, _GRN_AXES[grn])
        down, up = widths[: bottom + 1], widths[bottom:]
        self._encoder = [
            _Encoder(weights, level, sizes, stage(f"down_stages.{level}", sizes[1], depth))
            for level, (sizes, depth) in enumerate(zip(pairwise((first, *down)), depths, strict=False))
        ]
        self._decoder = [
            _Decoder(weights, level, (*sizes, skip), stage(f"up_stages.{level}", sizes[1], depth))
            for level, (sizes, skip, depth) in enumerate(
                zip(pairwise(up), down[-2::-1], depths[bottom + 1 :], strict=True)
            )
        ]
        self._tail = _Tail(weights, first, last)
        weights.end()

    def logits(self, x: np.ndarray, progress: Callable[[float], None] = lambda _: None) -> np.ndarray:
        """Return the logits (X, Y, Z) of an input (C, X, Y, Z), both in single precision.

        Args:
            x: The input.
            progress: Called with the fraction done after each level; an exception it raises ends the work.

        Raises:
            InputError: If a size is odd or below 64, or the channels are not the network's.
        """
        self._check(x)
        y = self._first_block(conv3(folded(np.concatenate((x, x[:, ::-1])) if self._mirrored else x), *self._stem))
        progress(0.5)  # half of the work is done at the full resolution before the first level
        skips = []
        for level in self._encoder:
            skips.append(y)
            y = level(y)
        progress(0.7)
        for step in self._decoder:
            y = step(y, skips.pop())
        progress(0.8)
        result = unfolded(self._tail(y, skips.pop()))
        progress(1.0)
        return result

    def _check(self, x: np.ndarray) -> None:
        least = FOLD * MINIMUM_SIZE
        if x.ndim != 4 or len(x) != self._in_channels or any(size < least or size % FOLD for size in x.shape[1:]):
            raise InputError(
                f"The network takes ({self._in_channels}, X, Y, Z) with even sizes of at least {least}, not {x.shape}; "
                "resample the volume to another grid or choose a model with other channels."
            )


class _Block:
    """A ``ConvNeXtBlock``: (X, Y, Z, C) to the same shape."""

    def __init__(self, weights: NumpyWeights, name: str, width: int, grn_axes: tuple[int, ...]) -> None:
        self._depthwise = weights.layer(f"{name}.depthwise", width, 1, KERNEL, KERNEL, KERNEL)
        self._norm = weights.layer(f"{name}.norm", width)
        self._pointwise = weights.layer(f"{name}.pointwise", EXPANSION * width, width)
        self._gamma = weights.take(f"{name}.grn.gamma", 1, 1, 1, EXPANSION * width)
        self._beta = weights.take(f"{name}.grn.beta", 1, 1, 1, EXPANSION * width)
        self._compress = weights.layer(f"{name}.compress", width, EXPANSION * width)
        self._grn_axes = grn_axes

    def __call__(self, x: np.ndarray) -> np.ndarray:
        result = depthwise_conv(x, *self._depthwise)
        responses = np.empty((*x.shape[:3], self._gamma.shape[-1]), np.float32)
        parts = [slice(start, start + _PLANES) for start in range(0, len(x), _PLANES)]
        for part in parts:
            responses[part] = gelu(linear(layer_norm(result[part], *self._norm), *self._pointwise))
        scale = response_scale(responses, self._gamma, self._grn_axes)
        for part in parts:
            result[part] = x[part] + linear(responses[part] * scale + self._beta, *self._compress)
        return result


class _Encoder:
    """A level of the encoder, which halves the grid; ``sizes`` are the channels before and of the level."""

    def __init__(self, weights: NumpyWeights, level: int, sizes: tuple[int, int], stage: list[_Block]) -> None:
        width, wider = sizes
        self._first = level == 0  # which normalizes after halving the grid instead of before
        name = f"downsample_layers.{level}"
        self._halve = weights.layer(f"{name}.{0 if self._first else 1}", wider, width, 2, 2, 2)
        self._norm = weights.layer(f"{name}.{1 if self._first else 0}", width)
        self._down_norm = weights.layer(f"down_norms.{level}", wider)
        self._stage = stage

    def __call__(self, x: np.ndarray) -> np.ndarray:
        if self._first:
            x = layer_norm(halved(x, *self._halve), *self._norm)
        else:
            x = halved(layer_norm(x, *self._norm), *self._halve)
        x = layer_norm(x, *self._down_norm)
        for block in self._stage:
            x = block(x)
        return x


class _Upsampling:
    """``Upsample`` and ``Join``; ``sizes`` are the channels of the input, the output and the skip."""

    def __init__(self, weights: NumpyWeights, upsample: str, join: str, sizes: tuple[int, int, int]) -> None:
        wider, width, skip = sizes
        self._norm = weights.layer(f"{upsample}.norm", wider)
        self._conv = weights.layer(f"{upsample}.compress", width, wider, 3, 3, 3)
        self._join = weights.layer(f"{join}.conv", width, width + skip, 1, 1, 1)

    def __call__(self, x: np.ndarray, skip: np.ndarray) -> np.ndarray:
        x = upsampled_conv(layer_norm(x, *self._norm), *self._conv, skip.shape[:3])
        return linear(np.concatenate((x, skip), axis=-1), *self._join)


class _Tail:
    """The last upsampling and all after it, as one linear step: see ``CraNeXt.logits``."""

    def __init__(self, weights: NumpyWeights, first: int, last: int) -> None:
        self._norm = weights.layer("upscale_out.norm", last)
        kernel, kernel_bias = weights.layer("upscale_out.compress", last, last, 3, 3, 3)
        join, join_bias = weights.layer("final_concat.conv", last, last + first, 1, 1, 1)
        convolution, bias = weights.layer("final_convolution", CORNERS, last, 1, 1, 1)
        matrix = convolution.reshape(CORNERS, last) @ join.reshape(last, last + first)
        of_x, of_skip = matrix[:, :last], matrix[:, last:]
        self._conv = np.tensordot(of_x, kernel, 1), of_x @ kernel_bias
        self._skip = of_skip, convolution.reshape(CORNERS, last) @ join_bias + bias

    def __call__(self, x: np.ndarray, skip: np.ndarray) -> np.ndarray:
        return upsampled_conv(layer_norm(x, *self._norm), *self._conv, skip.shape[:3]) + linear(skip, *self._skip)


class _Decoder:
    """A level of the decoder; ``sizes`` are those of its upsampling."""

    def __init__(self, weights: NumpyWeights, level: int, sizes: tuple[int, int, int], stage: list[_Block]) -> None:
        self._upsampling = _Upsampling(weights, f"upsample_layers.{level}", f"concat.{level}", sizes)
        self._stage = stage
        self._norm = weights.layer(f"up_norms.{level}", sizes[1])

    def __call__(self, x: np.ndarray, skip: np.ndarray) -> np.ndarray:
        x = self._upsampling(x, skip)
        for block in self._stage:
            x = block(x)
        return layer_norm(x, *self._norm)


def folded(x: np.ndarray) -> np.ndarray:
    """Space-to-depth: turn (C, X, Y, Z) into (X / 2, Y / 2, Z / 2, 8 C)."""
    channels, *size = x.shape
    a, b, c = (length // FOLD for length in size)
    blocks = x.reshape(channels, a, FOLD, b, FOLD, c, FOLD).transpose(1, 3, 5, 0, 2, 4, 6)
    return blocks.reshape(a, b, c, channels * CORNERS)


def unfolded(x: np.ndarray) -> np.ndarray:
    """Depth-to-space: turn (X, Y, Z, 8) into (2 X, 2 Y, 2 Z)."""
    a, b, c, _ = x.shape
    return x.reshape(a, b, c, FOLD, FOLD, FOLD).transpose(0, 3, 1, 4, 2, 5).reshape(FOLD * a, FOLD * b, FOLD * c)
