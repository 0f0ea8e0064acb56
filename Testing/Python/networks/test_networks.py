"""The networks: the published parameters and names, the sizes they take, and the parts they are built from."""

import pytest
import torch
from torch.nn import functional

from CraNeXtLib import networks
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.networks.blocks import GRN, DropPath, LayerNorm3d
from CraNeXtLib.networks.upsampled_conv import upsampled_conv


def count(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(
    ("name", "options", "parameters", "entries"),
    [
        ("cranext", {}, 11_594_080, 191),
        ("cranext", {"grn": "3d"}, 11_594_080, 191),
        ("cranext", {"in_channels": 9}, 11_681_888, 191),
        ("cranext", {"in_channels": 10}, 11_692_864, 191),
        ("cranext", {"depths": (2, 2, 2, 2, 1, 1, 1, 1, 1)}, 11_230_336, 211),
        ("cranext_tiny", {}, 878_432, 123),
        ("unet3dcnn", {}, 68_559_202, 105),
        ("unet3dcnn_attention", {}, 68_735_442, 125),
        ("unet3dcnn_attention", {"reduction": 16}, 68_604_702, 125),
        ("unet3dcnn_convnext", {}, 15_792_256, 231),
        ("wodzinski_unet", {}, 17_973_377, 164),
        ("wodzinski_unet_convnext", {}, 8_424_129, 176),
    ],
)
def test_networks_have_the_published_parameters(name, options, parameters, entries):
    with torch.device("meta"):
        model = networks.build(name, **options)
    assert count(model) == parameters
    assert len(model.state_dict()) == entries


def test_state_dict_names_are_the_published_ones():
    names = set(networks.CraNeXt().state_dict())
    block = {
        "depthwise.weight", "depthwise.bias", "norm.weight", "norm.bias", "pointwise.weight", "pointwise.bias",
        "grn.gamma", "grn.beta", "compress.weight", "compress.bias",
    }  # fmt: skip
    assert {f"down_stages.3.2.{entry}" for entry in block} <= names
    assert {name.split(".", 2)[2] for name in names if name.startswith("init_stage.1.")} == block
    assert {
        "init_stage.0.weight", "downsample_layers.0.0.weight", "downsample_layers.0.1.weight",
        "downsample_layers.1.0.weight", "downsample_layers.1.1.weight", "down_norms.4.bias", "up_norms.3.weight",
        "upsample_layers.0.norm.weight", "upsample_layers.3.compress.bias", "concat.0.conv.weight",
        "final_concat.conv.bias", "upscale_out.norm.bias", "upscale_out.compress.weight", "final_convolution.weight",
    } <= names  # fmt: skip
    assert "final_convolution.bias" not in names


@pytest.mark.parametrize("size", [(32, 32, 32), (33, 47, 39)])
def test_takes_any_size_of_at_least_32_voxels(size):
    model = networks.build("cranext_tiny").eval()
    with torch.no_grad():
        assert model(torch.zeros(1, 1, *size)).shape == (1, 1, *size)


@pytest.mark.parametrize("shape", [(1, 1, 31, 40, 40), (1, 2, 32, 32, 32), (1, 32, 32, 32)])
def test_refuses_what_it_cannot_take(shape):
    with pytest.raises(InputError, match="at least 32 voxels"):
        networks.CraNeXt()(torch.zeros(shape))


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"'resnet'.*cranext"):
        networks.build("resnet")
    with pytest.raises(InputError, match=r"'2d'.*official"):
        networks.build("cranext", grn="2d")
    with pytest.raises(InputError, match="odd"):
        networks.build("cranext", depths=(1, 1), widths=(32, 64))


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


@pytest.mark.parametrize("out_channels", [1, 8])
def test_the_last_layers_are_one_linear_step(out_channels):
    torch.manual_seed(0)
    network = networks.build("cranext", depths=(1, 1, 1), widths=(4, 8, 5)).double()
    network.final_convolution = torch.nn.Conv3d(5, out_channels, kernel_size=1, bias=out_channels > 1).double()
    x, skip = torch.randn(1, 5, 5, 4, 6, dtype=torch.double), torch.randn(1, 4, 11, 8, 12, dtype=torch.double)
    one_by_one = network.final_convolution(network.final_concat(network.upscale_out(x, skip.shape[2:]), skip))
    torch.testing.assert_close(network.logits(x, skip), one_by_one)


def test_drop_path_drops_whole_samples_in_training_only():
    torch.manual_seed(0)
    drop, x = DropPath(0.25), torch.ones(400, 1, 2, 2, 2)
    samples = drop(x).flatten(1)
    assert (samples == samples[:, :1]).all()
    torch.testing.assert_close(samples.unique(), torch.tensor([0, 1 / 0.75]))
    assert 0.65 < (samples[:, 0] > 0).float().mean() < 0.85
    assert drop.eval()(x) is x


def test_learns():
    torch.manual_seed(0)
    model, x = networks.build("cranext_tiny"), torch.rand(1, 1, 32, 32, 32)
    model(x).mean().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
