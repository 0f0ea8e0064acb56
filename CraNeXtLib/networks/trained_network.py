"""Trained networks for those who use them: arrays in, arrays out, whichever library computes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from CraNeXtLib import networks
from CraNeXtLib.networks.compact_weights import restored

if TYPE_CHECKING:
    from CraNeXtLib.networks.inference import TorchNetwork


class TrainedNetwork(Protocol):
    """A network with its weights."""

    @property
    def light(self) -> bool:
        """Whether the CPU computes it without PyTorch, in less time than the import of PyTorch takes."""

    def logits(
        self,
        x: np.ndarray,
        *,
        device: str,
        notify: Callable[[str], None] = ...,
        progress: Callable[[float], None] = ...,
    ) -> np.ndarray:
        """Return the logits (X, Y, Z) of an input (C, X, Y, Z), both in single precision.

        Args:
            x: The input.
            device: Where to compute, such as ``"cpu"``.
            notify: Called with a sentence when memory is short and the network runs in another way.
            progress: Called with the fraction done; an exception it raises ends the work.

        Raises:
            InputError: If the network does not accept the input's size or channels.
        """


def load_network(file: Path, name: str, options: Mapping[str, Any], *, prefix: str = "") -> TrainedNetwork:
    """Return the network of a name and options with the weights in a file.

    Args:
        file: Safetensors file.
        name: One of ``networks.NAMES``.
        options: Its options.
        prefix: Beginning of the names of the network's weights in the file, which the network does not know.

    Raises:
        InputError: If there is no such network, or the weights are not its own.
    """
    if name in networks.NUMPY_NAMES:
        return _LightNetwork(file, name, options, prefix)
    return _torch_network(file, name, options, prefix)


class _LightNetwork:
    """A network that NumPy computes on the CPU, and PyTorch on other devices."""

    light = True

    def __init__(self, file: Path, name: str, options: Mapping[str, Any], prefix: str) -> None:
        self._numpy = networks.build_numpy(name, _tensors(file, prefix, "numpy"), **options)
        self._source = (file, name, options, prefix)

    def logits(
        self,
        x: np.ndarray,
        *,
        device: str,
        notify: Callable[[str], None] = lambda _: None,
        progress: Callable[[float], None] = lambda _: None,
    ) -> np.ndarray:
        if device == "cpu":
            return self._numpy.logits(x, progress)
        return self._torch.logits(x, device=device, notify=notify, progress=progress)

    @cached_property
    def _torch(self) -> TorchNetwork:
        return _torch_network(*self._source)


def _torch_network(file: Path, name: str, options: Mapping[str, Any], prefix: str) -> TorchNetwork:
    from CraNeXtLib.networks.inference import TorchNetwork

    module = networks.build(name, **options)
    networks.load_weights(module, _tensors(file, prefix, "pt"))
    return TorchNetwork(module)


def _tensors(file: Path, prefix: str, framework: str) -> dict[str, Any]:
    """Return the weights whose names begin with a prefix, under the rest of their names."""
    from safetensors import safe_open

    with safe_open(file, framework) as weights:
        names = networks.names_within(weights.keys(), prefix)
        return restored({name: weights.get_tensor(prefix + name) for name in names})
