"""The networks have the published parameters and names, and take the sizes that they state."""

import pytest
import torch

from CraNeXtLib import networks
from CraNeXtLib.core.errors import InputError


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


@pytest.mark.parametrize("out_channels", [1, 8])
def test_the_last_layers_are_one_linear_step(out_channels):
    torch.manual_seed(0)
    network = networks.build("cranext", depths=(1, 1, 1), widths=(4, 8, 5)).double()
    network.final_convolution = torch.nn.Conv3d(5, out_channels, kernel_size=1, bias=out_channels > 1).double()
    x, skip = torch.randn(1, 5, 5, 4, 6, dtype=torch.double), torch.randn(1, 4, 11, 8, 12, dtype=torch.double)
    one_by_one = network.final_convolution(network.final_concat(network.upscale_out(x, skip.shape[2:]), skip))
    torch.testing.assert_close(network.logits(x, skip), one_by_one)


def test_learns():
    torch.manual_seed(0)
    model, x = networks.build("cranext_tiny"), torch.rand(1, 1, 32, 32, 32)
    model(x).mean().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
