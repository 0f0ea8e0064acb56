"""Skulls placed where the template lies: they come to lie alike, masks stay as they are."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from CraNeXtLib.anatomy.head.placement import place_on_template
from CraNeXtLib.completion.network_completer import NetworkCompleter
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.resources import DEFECTIVE_SKULL
from CraNeXtLib.datasets.placed_pairs import place_pair
from CraNeXtLib.datasets.skull_pair import SkullPair
from CraNeXtLib.evaluation.metrics import dice
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume
from CraNeXtLib.networks.inference import TorchNetwork


@pytest.fixture(scope="module")
def skull():
    volume = read_volume(DEFECTIVE_SKULL)
    return volume.with_voxels(volume.voxels != 0)


def tilted(skull):
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", [12, -6, 8], degrees=True).as_matrix()
    matrix[:3, 3] = (12, -30, 200)
    return Volume(skull.voxels, matrix @ skull.affine)


@pytest.mark.parametrize("placement", ["rigid", "affine"])
def test_a_tilted_skull_comes_to_lie_where_the_straight_one_does(skull, placement):
    corners = np.array([[0, 0, 0], skull.shape])
    straight, turned = place_on_template(skull, placement), place_on_template(tilted(skull), placement)
    assert np.abs(straight.to_ras(corners) - turned.to_ras(corners)).max() < 2
    assert np.array_equal(turned.voxels, skull.voxels)
    stretched = np.linalg.svd(straight.affine[:3, :3])[1] / skull.spacing.mean()
    assert (np.ptp(stretched) < 1e-6) == (placement == "rigid")


def test_a_pair_is_placed_by_its_defective_skull(skull):
    defective = tilted(skull)
    lost = defective.with_voxels(~defective.voxels)  # anything of another shape
    pair = place_pair(SkullPair(complete=lost, defective=defective, implant=lost), "rigid")
    assert np.array_equal(pair.complete.affine, place_on_template(defective, "rigid").affine)
    assert np.array_equal(pair.implant.affine, pair.defective.affine)
    assert np.array_equal(pair.implant.voxels, lost.voxels)


class Thickener(torch.nn.Module):
    """Adds a layer of bone on all bone, along the axes of its grid."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 20 * torch.nn.functional.avg_pool3d(x, 5, stride=1, padding=2) - 5


def test_a_model_that_places_skulls_gives_a_tilted_one_the_same_implant(skull):
    completer = NetworkCompleter(
        TorchNetwork(Thickener()), "vault", (40, 48, 32), 0.5, target="implant", placement="rigid"
    )
    straight, turned = (
        completer.propose(head, device="cpu", progress=lambda _: None) for head in (skull, tilted(skull))
    )
    whole = [np.zeros(skull.shape, bool) for _ in range(2)]
    for mask, proposal in zip(whole, (straight, turned), strict=True):
        mask[proposal.box] = (proposal.probability >= proposal.threshold) & ~skull.voxels[proposal.box]
    assert dice(*(skull.with_voxels(mask) for mask in whole)) > 0.95  # without placing it is 0.84


def test_what_cannot_be_placed(skull):
    assert place_on_template(skull, "none") is skull
    with pytest.raises(InputError, match="empty"):
        place_on_template(skull.with_voxels(np.zeros(skull.shape, bool)), "rigid")
    with pytest.raises(InputError, match="choose one of"):
        place_on_template(skull, "elastic")
