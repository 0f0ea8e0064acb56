"""The network on blocks of voxels, from which the bundled model is made."""

import pytest
import torch

from CraNeXtLib import networks
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.networks.folded_cranext import folded, unfolded


def test_folding_takes_the_voxels_of_a_block_as_channels_and_back():
    x = torch.arange(2 * 4 * 6 * 2.0).reshape(1, 2, 4, 6, 2)
    blocks = folded(x)
    assert blocks.shape == (1, 16, 2, 3, 1)
    assert sorted(blocks[0, :8, 1, 2, 0].tolist()) == sorted(x[0, 0, 2:4, 4:6, 0:2].flatten().tolist())
    assert torch.equal(unfolded(blocks), x)


def test_the_folded_network_gives_a_logit_for_each_voxel():
    torch.manual_seed(0)
    widths = (8, 8, 8, 8, 8)
    network = networks.build("cranext_folded", widths=widths, depths=(1, 1, 1, 1, 1), drop_path=0.0)
    x = torch.rand(1, 1, 64, 66, 64)
    logits = network(x)
    assert logits.shape == x.shape
    with torch.inference_mode():
        torch.testing.assert_close(network.eval()(x), logits.detach(), atol=1e-4, rtol=1e-4)
    with pytest.raises(InputError, match="even sizes of at least 64"):
        network(torch.rand(1, 1, 64, 65, 64))


def test_a_mirrored_network_sees_the_other_side():
    torch.manual_seed(0)
    options = {"widths": (4, 4, 4, 4, 4), "depths": (1, 1, 1, 1, 1), "drop_path": 0.0, "mirrored": True}
    network = networks.build("cranext_folded", **options)
    x = torch.zeros(1, 1, 128, 64, 64)
    x[:, :, 4:8] = 1
    stem = network.network.init_stage[0]
    seen = []
    stem.register_forward_hook(lambda _module, inputs, _output: seen.append(inputs[0]))
    network(x)
    assert seen[0].shape[1] == 16
    assert torch.equal(seen[0][:, 8:], folded(x.flip(2)))
