"""Input sizes of the U-shaped networks: checking an input, and padding to a skip of slightly different size."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.networks.cranext_sizes import MINIMUM_SIZE


def check_input(x: Tensor, channels: int) -> None:
    """Raise InputError unless x is (B, channels, X, Y, Z) with at least 32 voxels an axis."""
    if x.ndim != 5 or x.shape[1] != channels or min(x.shape[2:]) < MINIMUM_SIZE:
        raise InputError(
            f"The network takes (batch, {channels}, X, Y, Z) with at least {MINIMUM_SIZE} voxels an axis, "
            f"not {tuple(x.shape)}; resample the volume to a finer grid or choose a model with other channels."
        )


def padded_to(x: Tensor, skip: Tensor) -> Tensor:
    """Pad x with zeros on both sides to the size of a skip, from which it differs by the rounding of odd sizes."""
    missing = [wanted - size for wanted, size in zip(skip.shape[2:], x.shape[2:], strict=True)]
    if not any(missing):
        return x
    return functional.pad(x, [side for n in reversed(missing) for side in (n // 2, n - n // 2)])
