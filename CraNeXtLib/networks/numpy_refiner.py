"""The network that refines the proposal of a shape model, by NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy import special

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.networks.numpy_cranext import NumpyFoldedCraNeXt

CHANNELS = 3  # defective skull, proposal, mean skull
# Occupancies are clamped to keep their logits finite, so that the network can overrule any proposal. The offset favors
# bone, as the proposal is also 0 beyond the reach of the shape model.
LEAST, OFFSET = 0.02, 2.0

_FOLDED, _GAIN = "network.", "gain"
"""Names in the state dict: the beginning of those of the folded network, and that of the proposal's factor."""


class NumpyRefiner:
    """A trained ``CraNeXtRefiner``.

    Args:
        arrays: Its state dict, of any floating type.
        in_channels: 3.
        options: Those of ``NumpyFoldedCraNeXt``.

    Raises:
        InputError: If the weights are not those of such a network, or not finite.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray], *, in_channels: int = CHANNELS, **options: Any) -> None:
        if in_channels != CHANNELS:
            raise InputError(f"The refiner takes {CHANNELS} channels, not {in_channels}.")
        arrays = dict(arrays)
        self._gain = np.float32(arrays.pop(_GAIN, np.nan))
        if not np.isfinite(self._gain):
            raise InputError("The weights of the network are not finite, or lack the gain of the proposal.")
        self._network = NumpyFoldedCraNeXt(
            {name.removeprefix(_FOLDED): array for name, array in arrays.items()}, in_channels=CHANNELS, **options
        )

    def logits(self, x: np.ndarray, progress: Callable[[float], None] = lambda _: None) -> np.ndarray:
        """Return the logits (X, Y, Z) of an input (3, X, Y, Z); see ``NumpyFoldedCraNeXt.logits``."""
        occupancy = np.clip(x[1] * (1 - x[0]), LEAST, 1 - LEAST)
        return self._network.logits(x, progress) + self._gain * (special.logit(occupancy) + np.float32(OFFSET))
