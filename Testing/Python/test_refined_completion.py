"""The refined model: its grid lies where the head does, its network adds to the proposal, the demo skull is filled."""

import json

import numpy as np
import pytest
import torch

from CraNeXtLib import models
from CraNeXtLib.alignment import Alignment
from CraNeXtLib.datasets.manifest import read_mask
from CraNeXtLib.errors import InputError
from CraNeXtLib.head.head_grid import HeadGrid
from CraNeXtLib.implant import implant_of
from CraNeXtLib.metrics import dice
from CraNeXtLib.networks.folded import FoldedCraNeXt
from CraNeXtLib.networks.refiner import CraNeXtRefiner
from CraNeXtLib.training.config import read_config
from CraNeXtLib.training.model_folder import write_model_folder
from CraNeXtLib.volumes import Volume

SMALL = {"depths": (1, 1, 1), "widths": (4, 8, 4), "grn": "3d", "drop_path": 0.0, "mirrored": True}
SHAPE = (64, 72, 64)


@pytest.fixture(scope="module")
def demo():
    folder = models.BUNDLED.parent / "Demo"
    return tuple(read_mask(folder / f"{name}.nrrd") for name in ("defective_skull", "reference_implant"))


@pytest.fixture(scope="module")
def completer():
    return models.find("cranext_refined").load()


def implant_by(completer, defective: Volume) -> Volume:
    proposal = completer.propose(defective)
    part = defective.crop(proposal.box)
    voxels = np.zeros(defective.shape, bool)
    voxels[proposal.box] = implant_of(part, part.with_voxels(proposal.probability)).voxels
    return defective.with_voxels(voxels)


def test_the_bundled_model_completes_the_demo_skull(completer, demo):
    assert dice(implant_by(completer, demo[0]), demo[1]) > 0.82


def test_it_works_in_any_geometry(completer, demo):
    flipped = (slice(None, None, -1), slice(None), slice(None, None, -1))
    affine = demo[0].affine @ np.diag([-1.0, 1, -1, 1])
    affine[:3, 3] = demo[0].to_ras(np.array([[demo[0].shape[0] - 1, 0, demo[0].shape[2] - 1]]))[0]
    turned = [Volume(mask.voxels[flipped].transpose(2, 0, 1), affine[:, [2, 0, 1, 3]]) for mask in demo]
    assert dice(implant_by(completer, turned[0]), turned[1]) > 0.82


def test_the_grid_samples_and_restores_what_lies_in_a_turned_skull(completer):
    grid = HeadGrid(completer.grid.surface, (60, 72, 48))
    turn = np.eye(4)
    angle = np.deg2rad(20)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    turn[:3, 3] = (12, -7, 30)
    alignment = Alignment(1.1 * turn @ np.diag([1, 1, 1, 1 / 1.1]), 0.0)
    skull = Volume(
        np.zeros((70, 80, 60), bool), np.array([[-3.5, 0, 0, 130], [0, 3.5, 0, -140], [0, 0, 4, -60], [0, 0, 0, 1]])
    )
    centre = alignment.apply(np.array([[20.0, 30.0, 50.0]]))
    points = skull.to_ras(np.indices(skull.shape).reshape(3, -1).T)
    ball = skull.with_voxels((np.linalg.norm(points - centre, axis=1) < 25).astype(np.float32).reshape(skull.shape))
    values = grid.sample(ball, alignment)
    middle = np.argwhere(values > 0.5).mean(axis=0) @ np.diag(grid.spacing) + grid.affine[:3, 3]
    np.testing.assert_allclose(middle, (20, 30, 50), atol=1.0)
    box = grid.box(values > 0.5, skull, alignment)
    outside = ball.voxels.copy()
    outside[box] = 0
    assert not outside.any()
    restored = grid.restore(values, ball.crop(box), alignment) > 0.5
    assert dice(ball.crop(box).with_voxels(restored), ball.crop(box)) > 0.95


def test_a_refiner_starts_from_a_network_that_knows_the_skull_alone():
    torch.manual_seed(0)
    folded = FoldedCraNeXt(**SMALL).eval()
    refiner = CraNeXtRefiner(**SMALL).eval()
    refiner.start_from(folded.state_dict())
    x = torch.rand(1, 3, 64, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(refiner(x), folded(x[:, :1]) + refiner.proposed(x), atol=1e-4, rtol=1e-4)
    with pytest.raises(RuntimeError):
        refiner.start_from({"network.other": torch.zeros(1)})
    with pytest.raises(InputError, match="3 channels"):
        CraNeXtRefiner(in_channels=1)


def test_a_refiner_needs_proposals_and_proposals_a_refiner():
    for changes in ({"network": {"name": "cranext_folded"}}, {"data": {"input": "binary"}}):
        with pytest.raises(InputError, match="go together"):
            read_config("refiner-cpu", overrides=changes)


def test_a_trained_refiner_is_a_model_that_can_be_loaded(tmp_path):
    config = read_config(
        "refiner-cpu", overrides={"data": {"shape": list(SHAPE)}, "network": {"options": SMALL}, "name": "mine"}
    )
    network = CraNeXtRefiner(**SMALL)
    mean = np.zeros(SHAPE, np.float32)
    folder = write_model_folder(tmp_path / "m", network.state_dict(), config, data="none", mean_skull=mean)
    model = models.find(folder)
    loaded = model.load()
    assert loaded.grid.shape == SHAPE
    assert (model.description["kind"], model.description["shape_model"]["name"]) == ("refined", "pca_skull")
    description = dict(model.description) | {"grid": {}}
    (folder / "model.json").write_text(json.dumps(description), encoding="utf-8")
    with pytest.raises(InputError, match="do not fit"):
        models.find(folder).load()
