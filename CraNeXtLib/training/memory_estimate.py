"""An estimate of the GPU memory of a training step, computed on any computer from the sizes of its tensors.

The step runs on tensors that have a shape but no content, and every tensor is counted from its creation to its release.
The rest of a GPU's memory is not known: PyTorch's kernels (about half a GB), the working space of convolutions, and the
gaps between tensors.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

# PyTorch documents both classes for extensions, but its underscores promise nothing. The tests of this file compare the
# count with sizes that were added up by hand, and fail if a new release changes what they do.
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from CraNeXtLib import networks
from CraNeXtLib.networks.blocks import ConvNeXtBlock, Upsample
from CraNeXtLib.networks.depthwise_conv import DepthwiseConv3d
from CraNeXtLib.training.config import TrainingConfig
from CraNeXtLib.training.module import prepare_for_training
from CraNeXtLib.training.samples.input_kind import input_kind


class LiveTensors(TorchDispatchMode):
    """Counts the bytes of all tensors that are created while it is active and not yet released.

    Attributes:
        live: Bytes at present.
        peak: Largest number of bytes at one time so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self.live = self.peak = 0
        self._known: weakref.WeakKeyDictionary[torch.UntypedStorage, int] = weakref.WeakKeyDictionary()

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Sequence[type], args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run an operation and count its results."""
        result = func(*args, **(kwargs or {}))
        for storage in (tensor.untyped_storage() for tensor in _tensors_in(result)):
            if storage not in self._known:
                self._known[storage] = storage.nbytes()
                self.live += storage.nbytes()
                weakref.finalize(storage, self._release, storage.nbytes())
        self.peak = max(self.peak, self.live)
        return result

    def _release(self, size: int) -> None:
        self.live -= size


def _tensors_in(result: object) -> Iterator[Tensor]:
    """Yield the tensors among the results of an operation, which may be nested in tuples and lists."""
    if isinstance(result, Tensor):
        yield result
    elif isinstance(result, tuple | list):
        for item in result:
            yield from _tensors_in(item)


def gpu_memory_gb(config: TrainingConfig) -> float:
    """Return the peak memory of the tensors of a run's steps and validations, on each GPU.

    Args:
        config: The run's configuration; the network must be able to take its grid.
    """
    run, shape, kind = config.run, config.data.shape, input_kind(config)
    with FakeTensorMode(), LiveTensors() as tensors:
        network = networks.build(config.network.name, **kind.network_options)
        prepare_for_training(network, config)
        _compute_as_on_a_gpu(network)
        mean = [weight.clone() for weight in network.state_dict().values()] if config.optimization.ema_decay else []
        optimizer = torch.optim.AdamW(network.parameters())  # Adam keeps as much
        x = torch.empty(run.batch_size, kind.channels, *shape)
        defective, complete = torch.empty(2, run.batch_size, 1, *shape)
        autocast = partial(torch.autocast, "cpu", torch.bfloat16, enabled=run.precision != "32")
        for _ in range(2):  # from the second step on, the optimizer has its state
            with autocast():
                # The tensors that Dice adds have one channel and are released before the peak.
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
    """Make the network compute on the CPU as it does on a GPU: gradients by PyTorch, norms in single precision."""
    for layer in network.modules():
        if isinstance(layer, DepthwiseConv3d):
            vars(layer)["forward"] = partial(nn.Conv3d.forward, layer)
        elif isinstance(layer, ConvNeXtBlock):
            vars(layer)["perceptron"] = layer.pointwise_layers
        elif isinstance(layer, Upsample):
            vars(layer)["convolve"] = layer.convolve_copies
        elif isinstance(layer, nn.GroupNorm):
            layer.register_forward_pre_hook(lambda _layer, inputs: inputs[0].float())
