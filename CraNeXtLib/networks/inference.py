"""Running any trained network on one volume: streamed if its architecture allows, otherwise in one pass."""

from __future__ import annotations

import copy
from collections.abc import Callable
from itertools import count
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from CraNeXtLib.networks.cranext import CraNeXt
from CraNeXtLib.networks.cranext_refiner import CraNeXtRefiner
from CraNeXtLib.networks.folded_cranext import FoldedCraNeXt
from CraNeXtLib.networks.streamed_cranext import StreamedCraNeXt, default_dtype


class Runner(Protocol):
    """A network in eval mode on its device."""

    def __call__(self, x: Tensor, *, progress: Callable[[float], None] = ...) -> Tensor:
        """Return the logits (B, 1, X, Y, Z) of (B, C, X, Y, Z), in single precision and on the input's device."""


def runner(
    network: nn.Module, *, device: str | torch.device = "cpu", notify: Callable[[str], None] = lambda _: None
) -> Runner:
    """Return the runner that needs the least memory for a network.

    Args:
        network: Any network of ``CraNeXtLib.networks``; its weights are copied.
        device: Where to compute.
        notify: Called with a message when memory runs out and the runner falls back to a slower way.
    """
    if isinstance(network, CraNeXtRefiner):
        return _Refining(network, device=device, notify=notify)
    if isinstance(network, CraNeXt | FoldedCraNeXt):
        return StreamedCraNeXt(network, device=device, notify=notify)
    return WholeNetwork(network, device=device, notify=notify)


class TorchNetwork:
    """A trained network that PyTorch computes, see :class:`CraNeXtLib.networks.trained_network.TrainedNetwork`.

    Args:
        module: The network; it is computed as in eval mode whatever its mode.
    """

    light = False

    def __init__(self, module: nn.Module) -> None:
        self.module = module

    def logits(
        self,
        x: np.ndarray,
        *,
        device: str,
        notify: Callable[[str], None] = lambda _: None,
        progress: Callable[[float], None] = lambda _: None,
    ) -> np.ndarray:
        with torch.inference_mode():
            run = runner(self.module, device=device, notify=notify)
            return run(torch.as_tensor(x)[None], progress=progress)[0, 0].numpy()


class _Refining:
    """A refiner whose network is streamed."""

    def __init__(self, refiner: CraNeXtRefiner, *, device: str | torch.device, notify: Callable[[str], None]) -> None:
        self._refiner = refiner
        self._streamed = StreamedCraNeXt(refiner.network, device=device, notify=notify)

    def __call__(self, x: Tensor, *, progress: Callable[[float], None] = lambda _: None) -> Tensor:
        return self._streamed(x, progress=progress) + self._refiner.proposed(x)


class WholeNetwork:
    """A network that processes the volume in one pass; if the GPU runs out of memory, it falls back to the CPU.

    Args:
        network: Turns (B, C, X, Y, Z) into logits (B, 1, X, Y, Z); its weights are copied.
        device: Where to compute; in half precision on CUDA.
        notify: Called with a message when it falls back to the CPU.
    """

    def __init__(
        self, network: nn.Module, *, device: str | torch.device, notify: Callable[[str], None] = lambda _: None
    ) -> None:
        self.device = torch.device(device)
        self.notify = notify
        self._network = network

    def __call__(self, x: Tensor, *, progress: Callable[[float], None] = lambda _: None) -> Tensor:
        """Return the logits (B, 1, X, Y, Z) of an input (B, C, X, Y, Z), in single precision and on its device.

        Args:
            x: The input, on any device.
            progress: Called with the fraction done, up to 1, after every convolution; an exception it raises ends the
                work.

        Raises:
            InputError: If the network does not accept the input's size or channels.
        """
        if self.device.type != "cpu":
            try:
                return self._run(x, self.device, default_dtype(self.device), progress)
            except RuntimeError as error:
                if "out of memory" not in str(error).lower():
                    raise
            # Outside the handler, since the error keeps the memory of the failed pass alive.
            self.notify("The GPU has too little free memory; using the CPU instead, which takes longer.")
        return self._run(x, torch.device("cpu"), torch.float32, progress)

    def _run(self, x: Tensor, device: torch.device, dtype: torch.dtype, progress: Callable[[float], None]) -> Tensor:
        network = copy.deepcopy(self._network).eval().to(device, dtype)
        layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv3d | nn.ConvTranspose3d)]
        done = count(1)
        for layer in layers:
            layer.register_forward_hook(lambda *_: progress(next(done) / (len(layers) * len(x))))
        with torch.inference_mode():
            return torch.cat([network(sample.to(device, dtype)).float().to(x.device) for sample in x.split(1)])
