"""A CraNeXt that refines what a shape model proposes, instead of imagining the bone anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.networks.folded_cranext import CORNERS, FoldedCraNeXt

CHANNELS = 3  # defective skull, proposal, mean skull
# A proposal is doubted even where it is 0 or 1; and 0 must not forbid what lies beyond the shape model's reach.
_LEAST, _OFFSET = 0.02, 2.0
_STEM = "network.init_stage.0.weight"


class CraNeXtRefiner(nn.Module):
    """``FoldedCraNeXt`` whose output is added to a proposal's own logit.

    Input (B, 3, X, Y, Z): shares of bone of the defective skull, of what a shape model would fill in, and of the mean
    skull, on a grid in the shape model's space whose middle is the plane of symmetry. Output: logits of the implant,
    (B, 1, X, Y, Z). Sizes as for ``FoldedCraNeXt``.

    Args:
        in_channels: 3.
        options: As those of ``FoldedCraNeXt``.

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
        """Take the weights of a ``FoldedCraNeXt`` that knows the defective skull alone.

        What the first convolution makes of the other channels starts from zero.

        Raises:
            RuntimeError: If they are of another network.
        """
        weights = dict(weights)
        old, new = weights.get(_STEM), torch.zeros_like(self.network.state_dict()[_STEM])
        if old is not None and old.shape[1] * CHANNELS == new.shape[1]:
            for image, part in enumerate(old.split(CORNERS, dim=1)):  # of the head, and of its mirror image
                first = image * CHANNELS * CORNERS
                new[:, first : first + CORNERS] = part
            weights[_STEM] = new
        self.network.load_state_dict(weights)

    def proposed(self, x: Tensor) -> Tensor:
        """Return the part of the logits that comes from the proposal alone."""
        share = (x[:, 1:2] * (1 - x[:, :1])).clamp(_LEAST, 1 - _LEAST)
        return self.gain * (torch.logit(share) + _OFFSET)
