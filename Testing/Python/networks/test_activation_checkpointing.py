"""Recomputing instead of keeping: the same gradients in less memory."""

import copy

import pytest
import torch

from CraNeXtLib.networks import activation_checkpointing
from CraNeXtLib.networks.blocks import ConvNeXtBlock


def make_block(grn: str) -> ConvNeXtBlock:
    """Return a block none of whose weights is idle, in double precision."""
    torch.manual_seed(0)
    block = ConvNeXtBlock(6, grn=grn, drop_path=0.3).double()
    for parameter in block.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return block


def output_and_gradients(block: ConvNeXtBlock, x: torch.Tensor) -> list[torch.Tensor]:
    torch.manual_seed(3)
    x = x.clone().requires_grad_()
    y = block(x)
    y.float().square().mean().backward()
    return [y.detach(), x.grad, *(parameter.grad for parameter in block.parameters())]


@pytest.mark.parametrize("slab_bytes", [1, 60_000, 2**40], ids=["planes", "slabs", "whole"])
@pytest.mark.parametrize("grn", ["official", "3d"])
def test_a_block_in_slabs_has_the_same_output_and_gradients(grn, slab_bytes, monkeypatch):
    monkeypatch.setattr(activation_checkpointing, "SLAB_BYTES", slab_bytes)
    whole, x = make_block(grn), torch.randn(3, 6, 11, 8, 9, dtype=torch.double)
    slabs = copy.deepcopy(whole)
    activation_checkpointing.checkpoint_activations(slabs)
    for block in (whole, slabs):
        vars(block)["perceptron"] = block.pointwise_layers  # as on a GPU
    assert list(slabs.state_dict()) == list(whole.state_dict())
    for got, wanted in zip(output_and_gradients(slabs, x), output_and_gradients(whole, x), strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-9, atol=1e-11)
    with torch.inference_mode():
        torch.testing.assert_close(slabs.eval()(x), whole.eval()(x))


def test_slabs_are_as_exact_in_half_precision(monkeypatch):
    """Gradients of a weight are added up over the slabs in single precision, else many slabs would lose digits."""
    monkeypatch.setattr(activation_checkpointing, "SLAB_BYTES", 1)
    exact, x = make_block("3d").float().eval(), torch.randn(1, 6, 96, 8, 8)
    whole, slabs = copy.deepcopy(exact), copy.deepcopy(exact)
    activation_checkpointing.checkpoint_activations(slabs)
    wanted, errors = output_and_gradients(exact, x), []
    for block in (whole, slabs):
        with torch.autocast("cpu", torch.bfloat16):
            got = output_and_gradients(block, x)
        errors.append(sum(float((a - b).norm() / b.norm()) for a, b in zip(got[2:], wanted[2:], strict=True)))
    assert errors[1] < 1.2 * errors[0]
