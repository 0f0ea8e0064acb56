"""The networks that CraNeXt is compared with: the sizes they take, their gradients, names and use in a model."""

import re

import numpy as np
import pytest
import torch
from torch.nn import functional

from CraNeXtLib import networks
from CraNeXtLib.completion import model_import, model_library
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.networks.unet3dcnn import PreActivationBlock
from CraNeXtLib.networks.unet3dcnn_attention import ChannelSpatialAttention
from CraNeXtLib.networks.wodzinski_unet import PostActivationBlock

PEERS = ("unet3dcnn", "unet3dcnn_attention", "wodzinski_unet", "wodzinski_unet_convnext")
# Narrow, so that the tests take little time; the layers are the same.
NARROW = {
    "unet3dcnn": {"base_width": 8},
    "unet3dcnn_attention": {"base_width": 8},
    "wodzinski_unet": {
        "down_widths": ((8,), (8,), (8, 8), (8, 8, 8)),
        "up_widths": ((16, 16, 16, 8), (8, 8, 8), (8, 8), (8, 8)),
    },
}
NARROW["wodzinski_unet_convnext"] = NARROW["wodzinski_unet"] | {"drop_path": 0.0}


def narrow(name, **options):
    torch.manual_seed(0)
    return networks.build(name, **NARROW[name], **options)


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("size", [(32, 48, 32), (33, 50, 47)])
def test_gives_logits_of_the_input_s_size_and_learns(name, size):
    network = narrow(name, in_channels=2)
    logits = network(torch.rand(1, 2, *size))
    assert logits.shape == (1, 1, *size)
    logits.square().mean().backward()
    gradients = [parameter.grad for parameter in network.parameters()]
    assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients)
    assert np.mean([bool(gradient.any()) for gradient in gradients]) > 0.9  # a narrow gate may be shut


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("shape", [(1, 1, 31, 40, 40), (1, 2, 32, 32, 32), (1, 32, 32, 32)])
def test_refuses_what_it_cannot_take(name, shape):
    with pytest.raises(InputError, match="at least 32 voxels"):
        narrow(name)(torch.zeros(shape))


def test_a_reduction_that_leaves_nothing_is_refused():
    with pytest.raises(InputError, match="between 1 and 16"):
        narrow("unet3dcnn_attention", reduction=17)


def test_unet3dcnn_has_the_names_of_its_authors_library():
    with torch.device("meta"):
        names = networks.build("unet3dcnn").state_dict()
    forms = {re.sub(r"\d+", "N", name.replace("conv1", "convN")) for name in names}
    block = ("convN.normN.weight", "convN.normN.bias", "convN.conv.weight", "sample.weight")
    assert {re.sub("conv2", "convN", form) for form in forms} == {
        *(f"{half}.layers.N.blocks.N.{entry}" for half in ("encoder", "decoder") for entry in block),
        "encoder.downsampling_convolutions.N.weight",
        "decoder.pre_upsampling_blocks.N.weight",
        "final_convolution.weight",
    }


def flat(weights):
    """Name a state dict of the library's as autoimplantpipe does: levels at even places, what is between at odd."""
    between = "downsampling_convolutions|pre_upsampling_blocks"
    weights = {re.sub(r"layers\.(\d+)", lambda m: f"layers.{2 * int(m[1])}", k): v for k, v in weights.items()}
    return {re.sub(rf"({between})\.(\d+)", lambda m: f"layers.{2 * int(m[2]) + 1}", k): v for k, v in weights.items()}


def test_unet3dcnn_takes_the_layout_of_autoimplantpipe():
    network, other = narrow("unet3dcnn").eval(), networks.build("unet3dcnn", base_width=8).eval()
    weights = flat(network.state_dict())
    assert "encoder.layers.7.weight" in weights
    assert "decoder.layers.8.blocks.0.sample.weight" in weights
    other.load_state_dict(weights)
    x = torch.rand(1, 1, 32, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(other(x), network(x), rtol=0, atol=0)


@pytest.mark.parametrize("layout", [dict, flat])
def test_a_checkpoint_of_3dunetcnn_is_imported(layout, tmp_path, monkeypatch):
    monkeypatch.setenv("CRANEXT_HOME", str(tmp_path / "home"))
    state = {name: torch.zeros(()).expand(value.shape) for name, value in meta_state("unet3dcnn").items()}
    torch.save({f"module.{name}": value for name, value in layout(state).items()}, tmp_path / "autoimplant.h5")
    with pytest.raises(InputError, match="cranext models import"):
        model_library.find(tmp_path / "autoimplant.h5")
    model = model_import.import_model(tmp_path / "autoimplant.h5")
    assert model.name == "unet3dcnn-published"
    assert model.description["network"]["name"] == "unet3dcnn"


def meta_state(name):
    with torch.device("meta"):
        return networks.build(name).state_dict()


def test_a_block_follows_its_formula():
    torch.manual_seed(1)
    block, x = PreActivationBlock(8, 16), torch.randn(2, 8, 4, 5, 6)
    inner = functional.conv3d(functional.group_norm(x, 8).relu(), block.conv1.conv.weight, padding=1)
    inner = functional.conv3d(functional.group_norm(inner, 8).relu(), block.conv2.conv.weight, padding=1)
    torch.testing.assert_close(block(x), inner + functional.conv3d(x, block.sample.weight))
    block = PostActivationBlock(8, 8)
    inner = x
    for convolution in (block.branch[0], block.branch[3]):
        inner = functional.instance_norm(functional.conv3d(inner, convolution.weight, convolution.bias, padding=1))
        inner = functional.leaky_relu(inner, 0.01)
    torch.testing.assert_close(block(x), inner + functional.conv3d(x, block.skip.weight, block.skip.bias))


def test_attention_weights_channels_and_voxels_and_keeps_the_input():
    torch.manual_seed(1)
    attention, x = ChannelSpatialAttention(8, 2), torch.randn(2, 8, 4, 5, 6)
    first, _, last = attention.channel_excitation
    of_channel = torch.sigmoid(last(first(x.mean((2, 3, 4))).relu()))
    of_voxel = torch.sigmoid(torch.einsum("bcxyz,c->bxyz", x, attention.spatial_se.weight.flatten()))
    wanted = x + x * of_channel[:, :, None, None, None] + x * of_voxel[:, None]
    torch.testing.assert_close(attention(x), wanted)


@pytest.mark.parametrize("name", PEERS)
def test_a_model_of_it_completes_a_skull(name):
    from phantoms import head

    from CraNeXtLib.completion.network_completer import NetworkCompleter
    from CraNeXtLib.networks.inference import TorchNetwork

    skull = head(spacing=(4.0, 4.0, 4.0)).defective
    network = narrow(name)
    for parameter in network.final_convolution.parameters():
        torch.nn.init.zeros_(parameter)  # every voxel's odds are then even
    completer = NetworkCompleter(TorchNetwork(network.eval()), "default", (33, 40, 32), threshold=0.5)
    proposal = completer.propose(skull, device="cpu", progress=lambda _fraction: None)
    assert proposal.probability.shape == skull.voxels[proposal.box].shape
    assert np.isclose(np.median(proposal.probability), 0.5)


@pytest.mark.parametrize("name", PEERS)
def test_recomputing_blocks_gives_the_same_gradients(name):
    from CraNeXtLib.training.config_reading import read_config
    from CraNeXtLib.training.module import make_network

    x, gradients = torch.rand(1, 1, 32, 32, 32), []
    for recompute in (True, False):
        overrides = {
            "network": {"name": name, "options": NARROW[name]},
            "run": {"gradient_checkpointing": recompute},
        }
        network = make_network(read_config("default", overrides=overrides)).eval()
        network(x).square().mean().backward()
        gradients.append([parameter.grad for parameter in network.parameters()])
    for first, second in zip(*gradients, strict=True):
        torch.testing.assert_close(first, second)


@pytest.mark.parametrize("name", PEERS)
def test_the_deepest_layers_train_in_single_precision(name):
    from CraNeXtLib.training.config_reading import read_config
    from CraNeXtLib.training.module import make_network

    network = make_network(read_config("default", overrides={"network": {"name": name, "options": NARROW[name]}}))
    seen = []
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv3d) and layer.kernel_size == (3, 3, 3):
            layer.register_forward_hook(lambda *values: seen.append((values[-1][0, 0].numel(), values[-1].dtype)))
    with torch.autocast("cpu", torch.bfloat16):
        network(torch.rand(1, 1, 32, 32, 32)).float().mean().backward()
    assert {kind for size, kind in seen if size <= 64} == {torch.float32}
    assert torch.bfloat16 in {kind for _, kind in seen} or name == "wodzinski_unet_convnext"  # has few 3³ convolutions
