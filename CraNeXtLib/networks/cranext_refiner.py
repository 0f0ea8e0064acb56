"""A CraNeXt that refines the proposal of a shape model instead of reconstructing the bone from scratch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.networks.cranext_sizes import CORNERS
from CraNeXtLib.networks.folded_cranext import FoldedCraNeXt
from CraNeXtLib.networks.numpy_refiner import CHANNELS, LEAST, OFFSET

_STEM = "network.init_stage.0.weight"


class CraNeXtRefiner(nn.Module):
    """A ``FoldedCraNeXt`` whose output is added to the logit of a proposal.

    Input (B, 3, X, Y, Z): occupancies of the defective skull, of the shape model's proposal and of the mean skull, on a
    grid in the shape model's space with the plane of symmetry in the middle. Output: logits of the implant,
    (B, 1, X, Y, Z). Sizes are those of ``FoldedCraNeXt``.

    Args:
        in_channels: 3.
        options: Those of ``FoldedCraNeXt``.

    Raises:
        InputError: If ``in_channels`` is another number.
    """

    def __init__(self, *, in_channels: int = CHANNELS, **options: Any) -> None:
        super().__init__()
        if in_channels != CHANNELS:
            raise InputError(f"The refiner takes {CHANNELS} channels, not {in_channels}.")
        self.network = FoldedCraNeXt(in_channels=CHANNELS, **options)
        self.gain = nn.Parameter(torch.tensor(0.5))

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x) + self.proposed(x)

    def start_from(self, weights: Mapping[str, Tensor]) -> None:
        """Initialize from the weights of a ``FoldedCraNeXt`` whose only input is the defective skull.

        The weights of the first convolution for the other channels start at zero.

        Raises:
            RuntimeError: If the weights belong to another network.
        """
        weights = dict(weights)
        old, new = weights.get(_STEM), torch.zeros_like(self.network.state_dict()[_STEM])
        if old is not None and old.shape[1] * CHANNELS == new.shape[1]:
            for image, part in enumerate(old.split(CORNERS, dim=1)):  # the head and its mirror image
                first = image * CHANNELS * CORNERS
                new[:, first : first + CORNERS] = part
            weights[_STEM] = new
        self.network.load_state_dict(weights)

    def proposed(self, x: Tensor) -> Tensor:
        """Return the part of the logits that depends on the proposal only."""
        occupancy = (x[:, 1:2] * (1 - x[:, :1])).clamp(LEAST, 1 - LEAST)
        return self.gain * (torch.logit(occupancy) + OFFSET)
