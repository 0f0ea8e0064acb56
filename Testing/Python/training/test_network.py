"""The folded network and the vault grid, which the bundled model is made of."""

import numpy as np
import pytest
import torch

from CraNeXtLib import networks
from CraNeXtLib.anatomy.head.network_grid import make_grid
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.networks.folded_cranext import folded, unfolded


def shell(top: float = 75.0) -> Volume:
    """Return an ellipsoidal skull of 150 × 190 × 150 mm whose top is cut off at some height above its middle."""
    r, a, s = (np.indices((90, 110, 90)) * 2.0 + 1 - np.array([90, 110, 90]).reshape(3, 1, 1, 1)).astype(float)
    radius = np.sqrt((r / 75) ** 2 + (a / 95) ** 2 + (s / 75) ** 2)
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = (-89, -109, -89)
    return Volume((radius < 1) & (radius > 0.9) & (s < top), affine)


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


def test_the_vault_grid_has_one_spacing_and_room_for_a_missing_vertex():
    whole, open_top = shell(), shell(top=55.0)
    grid = make_grid("vault", open_top, (80, 96, 64))
    np.testing.assert_allclose(grid.spacing, 2.25)
    np.testing.assert_allclose(make_grid("vault", whole, (80, 96, 64)).spacing, 2.25)
    missing = whole.with_voxels(whole.voxels & ~open_top.voxels)
    inside = grid.sample(missing).sum() * 2.25**3
    assert inside == pytest.approx(missing.voxels.sum() * 8.0, rel=0.01)


def test_the_vault_grid_grows_around_a_wide_skull():
    skull = shell()
    wide = Volume(skull.voxels, np.diag([1.4, 1, 1, 1]) @ skull.affine)
    grid = make_grid("vault", wide, (80, 96, 64))
    assert grid.spacing[0] * 80 > 1.4 * 150
    np.testing.assert_allclose(grid.spacing, grid.spacing[0])
