"""The kernels of a network as 8-bit integers with a scale for each output channel: half the size of half precision.

Each kernel is divided by its largest value in an output channel, so that its error is at most 1/254 of that value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from CraNeXtLib.core.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

_SCALES = ".scales"
"""The scales of a kernel bear its name and this."""
_SMALLEST = 4096
"""Kernels with fewer values stay in half precision, as do biases and norms: they take no room."""
_LARGEST = 127

Array = TypeVar("Array", np.ndarray, "Tensor")


def compacted(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return weights as they are stored.

    Args:
        weights: The network's state dict, floating-point and finite. A kernel of shape (O, ...) has O output channels.

    Returns:
        Large kernels as int8 with their scales, float32 of shape (O, 1, ...); everything else as float16.
    """
    stored = {}
    for name, value in weights.items():
        if value.ndim < 2 or value.size < _SMALLEST:
            stored[name] = value.astype(np.float16)
            continue
        value = value.astype(np.float32)
        peaks = np.abs(value).max(axis=tuple(range(1, value.ndim)), keepdims=True)
        scales = np.where(peaks > 0, peaks / _LARGEST, np.float32(1))
        stored[name] = np.rint(value / scales).astype(np.int8)
        stored[name + _SCALES] = scales
    return stored


def restored(stored: Mapping[str, Array]) -> dict[str, Array]:
    """Undo ``compacted``, for arrays or tensors; weights that are no integers stay as they are.

    Raises:
        InputError: If integers come without scales.
    """
    weights = {}
    for name, value in stored.items():
        if name.endswith(_SCALES) and name.removesuffix(_SCALES) in stored:
            continue
        weights[name] = value
        if str(value.dtype) in ("int8", "torch.int8"):
            if name + _SCALES not in stored:
                raise InputError(f"The weights have no scales for {name}; import or install the model again.")
            weights[name] = value * stored[name + _SCALES]
    return weights
