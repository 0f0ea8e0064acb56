"""The refined model: its grid lies where the head does, its networks add to the proposal, the demo skull is filled."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from CraNeXtLib.anatomy.head.alignment import Alignment
from CraNeXtLib.anatomy.head.model_space_grid import ModelSpaceGrid
from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.face_completer import FaceCompleter
from CraNeXtLib.completion.grid_completion import GridCompletion
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.core import resources
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.datasets.manifest import SkullPair, read_mask
from CraNeXtLib.evaluation.metrics import dice
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.extraction import extract_implant
from CraNeXtLib.networks.cranext_refiner import CraNeXtRefiner
from CraNeXtLib.networks.folded_cranext import FoldedCraNeXt
from CraNeXtLib.training.config_reading import read_config
from CraNeXtLib.training.output.model_folder import write_model_folder, write_with_face
from CraNeXtLib.training.samples.face_samples import FaceSamples
from CraNeXtLib.training.samples.proposals import place_skull

SMALL = {"depths": (1, 1, 1), "widths": (4, 8, 4), "grn": "3d", "drop_path": 0.0, "mirrored": True}
SHAPE = (64, 72, 64)


@pytest.fixture(scope="module")
def demo():
    folder = resources.BUNDLED.parent / "Demo"
    return tuple(read_mask(folder / f"{name}.nrrd") for name in ("defective_skull", "reference_implant"))


@pytest.fixture(scope="module")
def completer():
    return load_model(model_library.find("cranext_refined"))


def implant_by(completer, defective: Volume) -> Volume:
    proposal = completer.propose(defective)
    part = defective.crop(proposal.box)
    voxels = np.zeros(defective.shape, bool)
    voxels[proposal.box] = extract_implant(part, part.with_voxels(proposal.probability)).voxels
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
    grid = ModelSpaceGrid(completer.grid.surface, (60, 72, 48))
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


def test_what_the_network_of_the_face_gives_comes_to_its_place(completer, demo):
    """A stand-in for the network knows one ball, below the patient's left eye, and nothing else."""
    grid = ModelSpaceGrid(completer.grid.surface, (88, 64, 72), "face")
    centre = np.array([-35.0, 84.0, -20.0])
    points = np.indices(grid.shape).reshape(3, -1).T @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    ball = (np.linalg.norm(points - centre, axis=1) < 12).reshape(grid.shape)

    class Face(FaceCompleter):
        def complete(self, placed, **_):
            return GridCompletion.of(
                self.grid, self.grid.sample(placed.occupancy, placed.alignment), ball.astype(np.float32)
            )

    with_ball = replace(completer, face=Face(None, grid, ball))
    flipped = (slice(None, None, -1), slice(None), slice(None, None, -1))
    affine = demo[0].affine @ np.diag([-1.0, 1, -1, 1])
    affine[:3, 3] = demo[0].to_ras(np.array([[demo[0].shape[0] - 1, 0, demo[0].shape[2] - 1]]))[0]
    for skull in (demo[0], Volume(demo[0].voxels[flipped].transpose(2, 0, 1), affine[:, [2, 0, 1, 3]])):
        proposal = with_ball.propose(skull)
        added = skull.crop(proposal.box).with_voxels((proposal.probability >= 0.5) & ~skull.crop(proposal.box).voxels)
        wanted = with_ball.shape_model.place(skull, lambda _: None).alignment.apply(centre[None])[0]
        assert wanted[0] < 0  # of the patient's left
        near = added.to_ras(np.argwhere(added.voxels))
        near = near[np.linalg.norm(near - wanted, axis=1) < 16]
        np.testing.assert_allclose((near.min(axis=0) + near.max(axis=0)) / 2, wanted, atol=2.5)


def test_the_demo_skull_is_known_to_be_thin(completer, demo):
    fill = completer.shape_model.place(demo[0], lambda _: None).fill
    assert completer.shape_model.relative_thickness(fill) == pytest.approx(0.59, abs=0.03)
    thicker = replace(fill, thickness=2 * fill.thickness)
    assert completer.shape_model.relative_thickness(thicker) == pytest.approx(1.18, abs=0.06)


def test_the_face_says_nothing_at_the_border_of_its_grid(completer):
    say = FaceCompleter(None, ModelSpaceGrid(completer.grid.surface, (88, 64, 72), "face"), None).blend_weight
    assert say.shape == (88, 64, 72)
    assert say.max() == 1
    assert max(np.take(say, end, axis).max() for axis in range(3) for end in (0, -1)) < 0.2
    assert np.array_equal(say, say[::-1])


def test_a_network_of_the_face_joins_a_refined_model_and_stays_with_it(completer, tmp_path):
    config = read_config("face-cpu", overrides={"network": {"options": SMALL}, "data": {"shape": [64, 64, 64]}})
    network = FoldedCraNeXt(in_channels=2, **SMALL)
    folder = write_with_face(tmp_path / "m", network.state_dict(), config, data="2 skulls.", recipe="Step 3.")
    loaded = load_model(model_library.find(folder))
    assert loaded.face.grid.shape == (64, 64, 64)
    name, value = next(iter(network.state_dict().items()))
    torch.testing.assert_close(loaded.face.network.state_dict()[name], value.half().float())
    assert all(
        torch.equal(value, loaded.network.state_dict()[name]) for name, value in completer.network.state_dict().items()
    )
    assert "Step 3." in (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    config = read_config("refiner-cpu", overrides={"network": {"start_from": str(folder)}})
    weights, mean = completer.network.state_dict(), np.zeros(config.data.shape, np.float32)
    refined = write_model_folder(tmp_path / "n", weights, config, data="", mean_skull=mean)
    torch.testing.assert_close(
        load_model(model_library.find(refined)).face.network.state_dict(), loaded.face.network.state_dict()
    )


def test_a_sample_of_the_face_is_a_defect_there_and_the_same_each_time(demo):
    complete = demo[0].with_voxels(demo[0].voxels | demo[1].voxels)
    skull = place_skull(
        SkullPair(complete, demo[0], demo[1]), load_model(model_library.find("pca_skull")).model
    ).packed()
    samples = FaceSamples([skull], read_config("face-cpu"), training=True)
    first, again, other = samples[3], FaceSamples([skull], read_config("face-cpu"), training=True)[3], samples[4]
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["complete"], other["complete"])
    assert first["input"].shape == (2, 88, 64, 72)
    implant = first["complete"] - first["defective"]
    assert implant.min() >= 0
    assert implant.sum() * 1.5**3 > 2000  # mm³
    still = FaceSamples([skull], read_config("face-cpu"), training=False)
    assert still[0]["counts"]
    assert not still[1]["counts"]


def test_the_face_needs_a_refined_model_and_a_folded_network():
    for changes, words in (
        ({"network": {"face_of": ""}}, "go together"),
        ({"data": {"input": "binary"}}, "go together"),
        ({"network": {"name": "cranext", "options": {}, "face_of": "cranext_refined"}}, "cranext_folded"),
        ({"data": {"target": "complete"}}, "implant"),
    ):
        with pytest.raises(InputError, match=words):
            read_config("face-cpu", overrides=changes)


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
    model = model_library.find(folder)
    loaded = load_model(model)
    assert loaded.grid.shape == SHAPE
    assert (model.description["kind"], model.description["shape_model"]["name"]) == ("refined", "pca_skull")
    for change, words in (
        ({"grid": {}}, "do not fit"),
        ({"shape_model": {"name": "pca_skull", "sha256": "0"}}, "of another version"),
    ):
        (folder / "model.json").write_text(json.dumps(dict(model.description) | change), encoding="utf-8")
        with pytest.raises(InputError, match=words):
            load_model(model_library.find(folder))
