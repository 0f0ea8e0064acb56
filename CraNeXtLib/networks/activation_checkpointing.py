"""Activation checkpointing: training in less memory by recomputing cheap activations in the backward pass."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from CraNeXtLib.networks.blocks import ConvNeXtBlock
from CraNeXtLib.networks.unet3dcnn import PreActivationBlock
from CraNeXtLib.networks.wodzinski_unet import PostActivationBlock

# Size of the slabs in which the widest tensor of a block is computed.
SLAB_BYTES = 64 * 2**20


def checkpoint_activations(network: nn.Module) -> None:
    """Make any of the networks store less for the backward pass; its weights, their names and its output stay the same.

    The widest tensors of a ConvNeXt block, with four times its channels, then exist for one slab of the volume at a
    time, even without gradients; on the CPU, single precision does so anyway. The blocks of the other networks store
    their input and recompute everything else.
    """
    for part in network.modules():
        if isinstance(part, ConvNeXtBlock):
            vars(part)["pointwise_layers"] = partial(_in_slabs, part)
        elif isinstance(part, PreActivationBlock | PostActivationBlock):
            vars(part)["forward"] = partial(_checkpointed, part.forward)


def _in_slabs(block: ConvNeXtBlock, x: Tensor) -> Tensor:
    """Return the pointwise half of a block's branch, (B, X, Y, Z, C), computed in slabs along X."""
    plane_bytes = 4 * x[:, 0].numel() * block.pointwise.weight.element_size()
    slabs = x.split(max(1, SLAB_BYTES // plane_bytes), dim=1)
    if len(slabs) == 1:
        return _checkpointed(partial(ConvNeXtBlock.pointwise_layers, block), x)
    # Without autocast's cache each slab casts the weights itself, so that their gradients add up in single precision.
    half = torch.is_autocast_enabled(x.device.type)
    with torch.autocast(x.device.type, enabled=half, cache_enabled=False):
        norms = [_checkpointed(lambda slab: block.grn.norm(block.responses(slab)), slab) for slab in slabs]
        scale = block.grn.scale(torch.linalg.vector_norm(torch.stack(norms), dim=0))
        return torch.cat([_checkpointed(partial(_scaled, block), slab, scale) for slab in slabs], dim=1)


def _scaled(block: ConvNeXtBlock, x: Tensor, scale: Tensor) -> Tensor:
    return block.compress(torch.addcmul(block.grn.beta, block.responses(x), scale))


def _checkpointed(forward: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
    if not torch.is_grad_enabled():
        return forward(*inputs)
    return checkpoint(forward, *inputs, use_reentrant=False, preserve_rng_state=False)  # nothing in it is random
