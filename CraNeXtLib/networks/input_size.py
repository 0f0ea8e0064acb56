"""What the U-shaped networks share about sizes: checking an input, and meeting a skip that is a voxel longer."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from CraNeXtLib.core.errors import InputError

MINIMUM_SIZE = 32


def check_input(x: Tensor, channels: int) -> None:
    """Raise InputError unless x is (B, channels, X, Y, Z) with at least 32 voxels an axis."""
    if x.ndim != 5 or x.shape[1] != channels or min(x.shape[2:]) < MINIMUM_SIZE:
        raise InputError(
            f"The network takes (batch, {channels}, X, Y, Z) with at least {MINIMUM_SIZE} voxels an axis, "
            f"not {tuple(x.shape)}; resample the volume to a finer grid or choose a model with other channels."
        )


def padded_to(x: Tensor, skip: Tensor) -> Tensor:
    """Pad x with zeros, half on either side, to a skip's size; halving an odd size has lost a voxel or won one."""
    missing = [wanted - size for wanted, size in zip(skip.shape[2:], x.shape[2:], strict=True)]
    if not any(missing):
        return x
    return functional.pad(x, [side for n in reversed(missing) for side in (n // 2, n - n // 2)])
