"""The convolution computed on the small volume is that of the upsampled one."""

import pytest
import torch
from torch.nn import functional

from CraNeXtLib.networks.upsampled_conv import upsampled_conv


@pytest.mark.parametrize("out_channels", [1, 3])
@pytest.mark.parametrize("size", [(6, 10, 8), (7, 11, 8)])
def test_the_convolution_of_an_upsampled_volume_is_exact(size, out_channels):
    x = torch.randn(2, 4, *(length // 2 for length in size), dtype=torch.double, requires_grad=True)
    weight = torch.randn(out_channels, 4, 3, 3, 3, dtype=torch.double, requires_grad=True)
    wanted = functional.conv3d(functional.interpolate(x, size=size), weight, padding=1)
    got, upstream = upsampled_conv(x, weight, size), torch.randn_like(wanted)
    torch.testing.assert_close(got, wanted)
    gradients = (torch.autograd.grad(y, (x, weight), upstream) for y in (got, wanted))
    torch.testing.assert_close(*gradients)
