"""Training in less memory: what is cheap to work out again in the backward pass is not kept from the forward pass."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from CraNeXtLib.networks.blocks import ConvNeXtBlock
from CraNeXtLib.networks.unet3dcnn import PreActivationBlock
from CraNeXtLib.networks.wodzinski_unet import PostActivationBlock

# Of a block's widest tensor at a time.
SLAB_BYTES = 64 * 2**20


def recompute(network: nn.Module) -> None:
    """Make a network keep less for the backward pass, whichever it is. Weights, their names and output stay.

    A ConvNeXt block's widest tensors, four times its channels, exist for a slab of the volume at a time, in training
    and without gradients. Of the other networks' blocks the input is kept and everything else recomputed.
    """
    for part in network.modules():
        if isinstance(part, ConvNeXtBlock):
            part.perceptron = partial(_in_slabs, part)
        elif isinstance(part, PreActivationBlock | PostActivationBlock):
            part.forward = partial(_recomputed, part.forward)


def _in_slabs(block: ConvNeXtBlock, x: Tensor) -> Tensor:
    """Return the pointwise half of a block's branch, (B, X, Y, Z, C), a slab along X after the other."""
    plane_bytes = 4 * x[:, 0].numel() * block.pointwise.weight.element_size()
    slabs = x.split(max(1, SLAB_BYTES // plane_bytes), dim=1)
    if len(slabs) == 1:
        return _recomputed(partial(ConvNeXtBlock.perceptron, block), x)
    # Without the cache each slab casts the weights anew, and their gradients are added up in single precision.
    half = torch.is_autocast_enabled(x.device.type)
    with torch.autocast(x.device.type, enabled=half, cache_enabled=False):
        norms = [_recomputed(lambda slab: block.grn.norm(block.responses(slab)), slab) for slab in slabs]
        scale = block.grn.scale(torch.linalg.vector_norm(torch.stack(norms), dim=0))
        return torch.cat([_recomputed(partial(_scaled, block), slab, scale) for slab in slabs], dim=1)


def _scaled(block: ConvNeXtBlock, x: Tensor, scale: Tensor) -> Tensor:
    return block.compress(torch.addcmul(block.grn.beta, block.responses(x), scale))


def _recomputed(forward: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
    if not torch.is_grad_enabled():
        return forward(*inputs)
    return checkpoint(forward, *inputs, use_reentrant=False, preserve_rng_state=False)  # nothing in there is random
