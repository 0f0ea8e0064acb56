"""The depthwise convolution: its own gradients are those that PyTorch computes slowly."""

import pytest
import torch
from torch.nn import functional

from CraNeXtLib.networks.depthwise_conv import DepthwiseConv3d

SIZES = [(1, 3, 9, 8, 10), (2, 5, 3, 1, 4), (1, 2, 17, 16, 40)]
LAYOUTS = [torch.contiguous_format, torch.channels_last_3d]


@pytest.mark.parametrize("layout", LAYOUTS, ids=["channels first", "channels last"])
@pytest.mark.parametrize("size", SIZES)
def test_gradients_are_the_native_ones(size, layout):
    torch.manual_seed(0)
    conv = DepthwiseConv3d(size[1], 7).double()
    x = torch.randn(size, dtype=torch.double).contiguous(memory_format=layout).requires_grad_()
    upstream = torch.randn(size, dtype=torch.double).contiguous(memory_format=layout)
    own = conv(x)
    native = functional.conv3d(x, conv.weight, conv.bias, padding=3, groups=size[1])
    inputs = (x, conv.weight, conv.bias)
    torch.testing.assert_close(own, native)
    assert own.grad_fn.name() != native.grad_fn.name()
    for ours, theirs in zip(
        torch.autograd.grad(own, inputs, upstream), torch.autograd.grad(native, inputs, upstream), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)


def test_kernels_that_share_an_input_have_the_native_gradients():
    conv, x = DepthwiseConv3d(5, 7, one_input=True).double(), torch.randn(2, 1, 9, 8, 10, dtype=torch.double)
    inputs = (x.requires_grad_(), conv.weight, conv.bias)
    own, native = conv(x), functional.conv3d(x, conv.weight, conv.bias, padding=3)
    upstream = torch.randn_like(own)
    assert own.grad_fn.name() != native.grad_fn.name()
    torch.testing.assert_close(own, native)
    torch.testing.assert_close(*(torch.autograd.grad(y, inputs, upstream) for y in (own, native)))


def test_gradcheck():
    conv = DepthwiseConv3d(2, 3).double()
    x = torch.randn(1, 2, 4, 3, 5, dtype=torch.double, requires_grad=True)

    def with_weights(x, weight, bias):
        return torch.func.functional_call(conv, {"weight": weight, "bias": bias}, (x,))

    assert torch.autograd.gradcheck(with_weights, (x, conv.weight, conv.bias))


def test_single_precision_gradient_is_accurate():
    torch.manual_seed(0)
    conv, x = DepthwiseConv3d(4, 7), torch.randn(1, 4, 40, 33, 37)
    upstream = torch.randn_like(x)
    (gradient,) = torch.autograd.grad(conv(x), conv.weight, upstream)
    wanted = torch.nn.grad.conv3d_weight(x.double(), conv.weight.shape, upstream.double(), padding=3, groups=4)
    assert (gradient - wanted).abs().max() < 1e-5 * wanted.abs().max()


def test_works_under_autocast():
    conv, x = DepthwiseConv3d(4, 7), torch.randn(1, 4, 8, 8, 8)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = conv(x.bfloat16())
    y.sum().backward()
    assert torch.isfinite(conv.weight.grad).all()
