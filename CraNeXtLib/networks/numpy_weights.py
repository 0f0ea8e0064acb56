"""The weights of a trained network as arrays, which its layers take one by one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from CraNeXtLib.core.errors import InputError

Layer = tuple[np.ndarray, np.ndarray]
"""Weight and bias."""


class NumpyWeights:
    """A state dict in single precision from which every array is taken once.

    Args:
        arrays: Names and values, of any floating type.
        prefix: Beginning of all names, which is left out when an array is taken.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray], *, prefix: str = "") -> None:
        self._arrays = dict(arrays)
        self._prefix = prefix

    def take(self, name: str, *shape: int) -> np.ndarray:
        """Return an array.

        Raises:
            InputError: If there is none of that name and shape, or it is not finite.
        """
        name = self._prefix + name
        if name not in self._arrays or self._arrays[name].shape != shape:
            found = f"the shape {self._arrays[name].shape}" if name in self._arrays else "nothing"
            raise InputError(f"The weights do not fit the network: {name} must have the shape {shape}, not {found}.")
        array = self._arrays.pop(name).astype(np.float32)
        if not np.isfinite(array).all():
            raise InputError("The weights of the network are not finite; it was not trained to the end.")
        return array

    def layer(self, name: str, *shape: int) -> Layer:
        """Return the weight of a shape and the bias of a layer; raises InputError as :meth:`take` does."""
        return self.take(f"{name}.weight", *shape), self.take(f"{name}.bias", shape[0])

    def end(self) -> None:
        """Raise InputError if the network has left any array."""
        if self._arrays:
            raise InputError(f"The weights do not fit the network, which has no {next(iter(self._arrays))}.")
