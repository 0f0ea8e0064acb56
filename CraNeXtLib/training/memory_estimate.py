"""The memory that a training step takes on a GPU, worked out on any computer from the sizes of its tensors alone.

The step is made with tensors that have a shape but no content, and every tensor is counted from when it is made to when
it is given up. What a GPU takes besides isn't known: PyTorch's kernels (half a GB or so), the working space of
convolutions, and what lies unused between tensors.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from CraNeXtLib import networks
from CraNeXtLib.networks.depthwise_conv import DepthwiseConv3d
from CraNeXtLib.training.config import TrainingConfig, input_channels, network_options
from CraNeXtLib.training.module import set_up


class LiveTensors(TorchDispatchMode):
    """Counts the bytes of the tensors that are made while it is on and not yet given up.

    Attributes:
        live: Bytes now.
        peak: Most bytes at a time so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self.live = self.peak = 0
        self._known: weakref.WeakKeyDictionary[torch.UntypedStorage, int] = weakref.WeakKeyDictionary()

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Sequence[type], args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run an operation and count what it gives."""
        made = func(*args, **(kwargs or {}))
        for storage in (value.untyped_storage() for value in tree_leaves(made) if isinstance(value, Tensor)):
            if storage not in self._known:
                self._known[storage] = storage.nbytes()
                self.live += storage.nbytes()
                weakref.finalize(storage, self._give_up, storage.nbytes())
        self.peak = max(self.peak, self.live)
        return made

    def _give_up(self, size: int) -> None:
        self.live -= size


def gpu_memory_gb(config: TrainingConfig) -> float:
    """Return the memory that tensors take at most in a run's steps and validations, on each GPU.

    Args:
        config: The run's configuration; the network can take its grid.
    """
    run, shape = config.run, config.data.shape
    with FakeTensorMode(), LiveTensors() as tensors:
        network = networks.build(config.network.name, **network_options(config))
        set_up(network, config)
        _compute_as_on_a_gpu(network)
        mean = [weight.clone() for weight in network.state_dict().values()] if config.optimization.ema_decay else []
        optimizer = torch.optim.AdamW(network.parameters())  # Adam keeps as much
        x = torch.empty(run.batch_size, input_channels(config), *shape)
        defective, complete = torch.empty(2, run.batch_size, 1, *shape)
        autocast = partial(torch.autocast, "cpu", torch.bfloat16, enabled=run.precision != "32")
        for _ in range(2):  # from the second on, the optimizer has its state
            with autocast():
                # What Dice adds has one channel, and is gone before the peak.
                loss = functional.binary_cross_entropy_with_logits(network(x).float(), complete)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        network.eval()
        with torch.no_grad(), autocast():
            network(x)
        del mean, defective
    return tensors.peak / 1e9


def _compute_as_on_a_gpu(network: nn.Module) -> None:
    """Make the network compute on the CPU as it does on a GPU: its gradients by PyTorch, norms in single precision."""
    for layer in network.modules():
        if isinstance(layer, DepthwiseConv3d):
            layer.forward = partial(nn.Conv3d.forward, layer)
        elif isinstance(layer, nn.GroupNorm):
            layer.register_forward_pre_hook(lambda _layer, inputs: inputs[0].float())
