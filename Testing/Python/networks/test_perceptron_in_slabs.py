"""The pointwise half of a block in slabs: its output and its own gradients are those of the layers."""

import pytest
import torch

from CraNeXtLib.networks import perceptron_in_slabs
from CraNeXtLib.networks.blocks import ConvNeXtBlock

SLABS = {"voxels": 1, "parts of a group": 6_000, "several groups": 30_000, "whole": 2**40}


def make_block(grn: str) -> ConvNeXtBlock:
    """Return a block none of whose weights is idle, in double precision."""
    block = ConvNeXtBlock(6, grn=grn).double()
    for parameter in block.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return block


@pytest.mark.parametrize("slab_bytes", SLABS.values(), ids=SLABS)
@pytest.mark.parametrize("grn", ["official", "3d"])
def test_output_and_gradients_are_those_of_the_layers(grn, slab_bytes, monkeypatch):
    monkeypatch.setattr(perceptron_in_slabs, "SLAB_BYTES", slab_bytes)
    monkeypatch.setattr(perceptron_in_slabs, "KEPT_BYTES", 0)
    torch.manual_seed(0)
    block, x = make_block(grn), torch.randn(2, 5, 8, 3, 6, dtype=torch.double, requires_grad=True)
    upstream = torch.randn_like(x)
    weights = [value for name, value in block.named_parameters() if not name.startswith("depthwise")]
    own, layers = block.perceptron(x), block.pointwise_layers(x)
    assert "Perceptron" in own.grad_fn.name()
    torch.testing.assert_close(own, layers, rtol=1e-12, atol=1e-12)
    gradients = [torch.autograd.grad(y, (x, *weights), upstream) for y in (own, layers)]
    torch.testing.assert_close(*gradients, rtol=1e-11, atol=1e-11)


def test_the_gradient_through_a_norm_of_0_is_0():
    """GELU(0) is 0, so that without weights every response and norm is 0, where a root has no derivative."""
    block, x = make_block("official"), torch.randn(1, 2, 2, 2, 6, dtype=torch.double, requires_grad=True)
    torch.nn.init.zeros_(block.pointwise.weight)
    torch.nn.init.zeros_(block.pointwise.bias)
    weights = [value for name, value in block.named_parameters() if not name.startswith("depthwise")]
    gradients = [
        torch.autograd.grad(y.square().sum(), (x, *weights)) for y in (block.perceptron(x), block.pointwise_layers(x))
    ]
    assert all(torch.isfinite(gradient).all() for gradient in gradients[0])
    torch.testing.assert_close(*gradients)


def test_nothing_wide_is_stored_for_the_backward_pass():
    block, x = make_block("3d"), torch.randn(1, 8, 8, 8, 6, dtype=torch.double, requires_grad=True)
    stored = []
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: stored.append(tensor.numel()) or tensor, lambda t: t):
        block.perceptron(x)
    assert max(stored) == x.numel()
