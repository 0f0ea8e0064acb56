"""The building blocks follow the formulas of their papers."""

import pytest
import torch

from CraNeXtLib.networks.blocks import GRN, DropPath, LayerNorm3d, Upsample


@pytest.mark.parametrize(("kind", "axes"), [("official", (1, 2)), ("3d", (1, 2, 3))])
def test_grn_follows_its_formula(kind, axes):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(2, 3, 4, 5, 6, generator=generator)
    grn = GRN(6, kind=kind)
    for parameter in grn.parameters():
        torch.nn.init.normal_(parameter, generator=generator)
    norm = (x**2).sum(axes, keepdim=True).sqrt()
    wanted = grn.gamma * (x * norm / (norm.mean(-1, keepdim=True) + 1e-6)) + grn.beta + x
    torch.testing.assert_close(grn(x), wanted)


def test_official_grn_treats_each_index_of_the_third_axis_for_itself():
    x = torch.randn(1, 4, 4, 6, 8)
    for kind, alone in (("official", True), ("3d", False)):
        grn = GRN(8, kind=kind)
        torch.nn.init.ones_(grn.gamma)
        assert torch.allclose(grn(x)[:, :, :, :2], grn(x[:, :, :, :2]), atol=1e-6) == alone


def test_layer_norm_works_on_channels():
    x = 3 + 2 * torch.randn(2, 16, 3, 4, 5)
    y = LayerNorm3d(16)(x)
    torch.testing.assert_close(y.mean(1), torch.zeros(2, 3, 4, 5), atol=1e-5, rtol=0)
    torch.testing.assert_close(y.var(1, unbiased=False), torch.ones(2, 3, 4, 5), atol=1e-4, rtol=0)


def test_layer_norm_learns_in_half_precision():
    norm, x = LayerNorm3d(4), torch.randn(1, 4, 40, 40, 40)
    upstream = torch.rand(x.shape)
    wanted = torch.autograd.grad(norm(x), tuple(norm.parameters()), upstream)
    with torch.autocast("cpu", torch.bfloat16):
        y = norm(x.bfloat16())
    got = torch.autograd.grad(y, tuple(norm.parameters()), upstream.to(y.dtype))
    torch.testing.assert_close(got, wanted, rtol=0.01, atol=20)


def test_drop_path_drops_whole_samples_in_training_only():
    torch.manual_seed(0)
    drop, x = DropPath(0.25), torch.ones(400, 1, 2, 2, 2)
    samples = drop(x).flatten(1)
    assert (samples == samples[:, :1]).all()
    torch.testing.assert_close(samples.unique(), torch.tensor([0, 1 / 0.75]))
    assert 0.65 < (samples[:, 0] > 0).float().mean() < 0.85
    assert drop.eval()(x) is x


def test_upsampling_is_the_same_on_the_small_volume_and_on_its_copies():
    upsample, size = Upsample(4, 3).double(), torch.Size((5, 7, 4))
    small = torch.randn(2, 4, 2, 3, 2, dtype=torch.double, requires_grad=True)
    ways = upsample.convolve(small, size), upsample.convolve_copies(small, size)
    upstream = torch.randn_like(ways[0])
    torch.testing.assert_close(*ways)
    inputs = (small, *upsample.compress.parameters())
    torch.testing.assert_close(*(torch.autograd.grad(way, inputs, upstream) for way in ways))
