"""PCA-skull on made-up heads: it finds the defect wherever it lies, and fills it as the missing bone was."""

import json

import numpy as np
import pytest

from CraNeXtLib.anatomy.head.radial_maps import RadialGrid
from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.completion.shape_model.completer import PCACompleter
from CraNeXtLib.completion.shape_model.model import load_pca_skull, save_pca_skull
from CraNeXtLib.completion.shape_model.observation import scanned_part
from CraNeXtLib.completion.shape_model.radial_completion import complete
from CraNeXtLib.core import resources
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.datasets.manifest import DatasetCase, read_mask
from CraNeXtLib.evaluation.metrics import dice
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.extraction import extract_implant
from CraNeXtLib.training.shape_model.fit import components_of, fit
from CraNeXtLib.training.shape_model.make import write_model

GRID = RadialGrid(pixel_mm=5.0)
MEAN_AXES = np.array([70.0, 90.0, 75.0])


def head(axes, thickness=7.0, spacing=2.5, signs=(1, 1, 1), floor=-60.0) -> Volume:
    """Mask of half an eggshell: an ellipsoid, narrower in front, cut off below."""
    steps = np.multiply(spacing, signs)
    shape = tuple(int(n) for n in np.array([170, 215, 160]) / spacing)
    affine = np.diag([*np.broadcast_to(steps, 3), 1.0])
    affine[:3, 3] = -(np.array(shape) - 1) / 2 * steps + (0, 0, 15)
    volume = Volume(np.zeros(shape, bool), affine)
    points = volume.to_ras(np.indices(shape).reshape(3, -1).T)
    points[:, 0] *= 1 + points[:, 1] / 600
    depths = [(1 - np.linalg.norm(points / (axes - cut), axis=1)) for cut in (0, thickness)]
    bone = (depths[0] > 0) & (depths[1] < 0) & (points[:, 2] > floor)
    return volume.with_voxels(bone.reshape(shape))


def hole_at(skull: Volume, direction, radius_mm=30.0) -> Volume:
    """The bone of a skull around where a ray from its middle leaves it."""
    direction = np.array(direction) / np.linalg.norm(direction)
    centre = direction / np.linalg.norm(direction / MEAN_AXES)
    points = skull.to_ras(np.indices(skull.shape).reshape(3, -1).T)
    return skull.with_voxels(skull.voxels & (np.linalg.norm(points - centre, axis=1) < radius_mm).reshape(skull.shape))


def without(skull: Volume, implant: Volume) -> Volume:
    return skull.with_voxels(skull.voxels & ~implant.voxels)


def implant_by(completer: PCACompleter, defective: Volume) -> Volume:
    proposal = completer.propose(defective)
    part = defective.crop(proposal.box)
    voxels = np.zeros(defective.shape, bool)
    voxels[proposal.box] = extract_implant(part, part.with_voxels(proposal.probability)).voxels
    return defective.with_voxels(voxels)


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    skulls = (head(MEAN_AXES * rng.uniform(0.95, 1.05, 3), thickness=rng.uniform(6, 8)) for _ in range(4))
    return fit(skulls, head(MEAN_AXES), components=8, grid=GRID)


@pytest.fixture(scope="module")
def completer(model):
    return PCACompleter(model)


@pytest.mark.parametrize("direction", [(0, 0, 1), (-1, 0, 0.5), (0.5, 1, 0.4)])
def test_finds_and_fills_a_hole_anywhere(completer, direction):
    skull = head(MEAN_AXES * (0.97, 1.03, 1.0), thickness=7.4)
    implant = hole_at(skull, direction)
    assert dice(implant_by(completer, without(skull, implant)), implant) > 0.9


def test_expects_more_error_in_the_middle_of_a_hole_than_at_its_rim(completer):
    skull = head(MEAN_AXES)
    implant = hole_at(skull, (-1, 0, 0.5))
    defective = without(skull, implant)
    proposal = completer.propose(defective)
    added = (proposal.probability >= 0.5) & ~defective.crop(proposal.box).voxels
    np.testing.assert_array_equal(proposal.expected_error > 0, added)
    points = defective.crop(proposal.box).to_ras(np.argwhere(added))
    away = np.linalg.norm(points - points.mean(axis=0), axis=1)
    errors = proposal.expected_error[added].astype(float)
    assert errors[away < 8].mean() > 1.5 * errors[away > 25].mean()


def test_works_in_any_geometry(completer):
    skull = head(MEAN_AXES, spacing=(2.0, 2.2, 2.8), signs=(-1, -1, 1))
    skull = Volume(np.asfortranarray(skull.voxels), skull.affine)
    implant = hole_at(skull, (0.7, -0.5, 0.6))
    assert dice(implant_by(completer, without(skull, implant)), implant) > 0.88


def test_fills_two_holes(completer):
    skull = head(MEAN_AXES)
    implants = [hole_at(skull, direction, 25) for direction in ((1, 0.2, 0.6), (-1, 0.2, 0.6))]
    both = skull.with_voxels(implants[0].voxels | implants[1].voxels)
    assert dice(implant_by(completer, without(skull, both)), both) > 0.9


def test_restores_a_missing_outer_table(completer):
    skull = head(MEAN_AXES, spacing=1.7)
    inner = head(MEAN_AXES - 4.0, thickness=3.0, spacing=1.7)
    implant = hole_at(skull, (0.6, 0, 0.8), 28)
    implant = implant.with_voxels(implant.voxels & ~inner.voxels)
    found = implant_by(completer, without(skull, implant))
    assert dice(found, implant) > 0.6


def test_thin_bone_that_lost_its_outer_table_is_found(completer):
    """A millimetre is a third of it, and less than what counts in bone of usual thickness."""
    model = completer.model
    whole = model.prior.mean * np.array([[1.0], [0.55]])
    patch = model.directions @ np.array([0.6, 0, 0.8]) > np.cos(np.deg2rad(30))
    radial_maps = whole - np.where(patch, 0.35 * whole[1], 0)
    assert 1.0 < (whole - radial_maps)[1, patch].mean() < 1.45
    completed, to_fill, _ = complete(model, radial_maps)
    assert to_fill[patch].mean() > 0.85  # the rest is rim, which is judged as in any other skull
    filled = patch & to_fill
    np.testing.assert_allclose(completed[1, filled].mean(), whole[1, filled].mean(), atol=0.3)


def test_a_complete_skull_gets_nothing(completer):
    proposal = completer.propose(head(MEAN_AXES * (1.04, 0.97, 1.0)))
    assert not (proposal.probability >= 0.5).any()


def test_bone_out_of_view_is_not_missing(completer):
    skull = head(MEAN_AXES)
    scan = skull.crop((slice(None), slice(None), slice(0, int(0.8 * skull.shape[2]))))
    assert not (completer.propose(scan).probability >= 0.5).any()


def test_bone_beyond_a_flat_cut_in_air_is_not_missing(completer):
    """As in the masks of SkullBreak: a scan that ended at the base, with air put around it."""
    skull = head(MEAN_AXES, signs=(1, -1, 1))
    heights = skull.to_ras(np.indices(skull.shape).reshape(3, -1).T)[:, 2].reshape(skull.shape)
    skull = skull.with_voxels(skull.voxels & (heights > -15))
    implant = hole_at(skull, (0.3, 0, 1))
    assert dice(implant_by(completer, without(skull, implant)), implant) > 0.9


def test_only_a_plane_that_cuts_bone_ends_the_scan():
    whole = head(MEAN_AXES, floor=-200)
    assert scanned_part(whole).shape == whole.shape
    low, high = foreground_box(head(MEAN_AXES, floor=-30).voxels)[2].start, whole.shape[2]
    part = scanned_part(head(MEAN_AXES, floor=-30))
    assert part.shape == (*whole.shape[:2], high - low)
    np.testing.assert_allclose(part.affine[:3, 3], whole.to_ras(np.array([[0, 0, low]]))[0])


def test_a_scan_cropped_to_the_bone_is_completed_too(completer):
    skull = head(MEAN_AXES * 0.96)
    implant = hole_at(skull, (0.7, 0, 0.7))
    defective = without(skull, implant)
    box = foreground_box(defective.voxels)
    assert dice(implant_by(completer, defective.crop(box)), implant.crop(box)) > 0.88


def test_progress_can_stop_the_work(completer):
    def stop(fraction):
        raise KeyboardInterrupt(str(fraction))

    with pytest.raises(KeyboardInterrupt):
        completer.propose(head(MEAN_AXES), progress=stop)


def test_components_are_those_of_the_skulls_and_their_mirror_images():
    rng = np.random.default_rng(1)
    disc = np.isfinite(GRID.directions[..., 0])
    side = GRID.directions[disc][:, 0]
    shells = np.full((8, 2, disc.sum()), 80.0, np.float32)
    shells[:, 1] = 6
    amounts = rng.normal(size=8)
    shells[:, 0] += amounts[:, None] * side
    domain, mean, modes = components_of(shells, disc, 3)
    np.testing.assert_allclose(mean[0], 80, atol=1e-3)
    inside = GRID.directions[domain][:, 0]
    expected = np.sqrt(np.mean(amounts**2)) * inside
    assert min(np.abs(modes[0, 0] - expected).max(), np.abs(modes[0, 0] + expected).max()) < 0.05
    assert np.abs(modes[1:]).max() < 0.05


def test_a_place_out_of_view_in_some_skulls_is_still_modelled():
    disc = np.isfinite(GRID.directions[..., 0])
    shells = np.full((10, 2, disc.sum()), 80.0, np.float32)
    shells[:, 1] = 6
    vertex = GRID.directions[disc][:, 2] > 0.97
    front = GRID.directions[disc][:, 1] > 0.6
    shells[:2, :, vertex] = np.nan
    shells[:2, 1, front] = 0
    domain, mean, _ = components_of(shells, disc, 3)
    assert domain[disc][vertex].all()
    assert not domain[disc][front].any()
    np.testing.assert_allclose(mean[0], 80)


def test_a_saved_model_is_the_same(model, tmp_path):
    options = save_pca_skull(model, tmp_path / "weights.safetensors")
    loaded = load_pca_skull(tmp_path / "weights.safetensors", json.loads(json.dumps(options)))
    np.testing.assert_allclose(loaded.prior.mean, model.prior.mean, atol=0.05)
    np.testing.assert_allclose(loaded.prior.modes, model.prior.modes, atol=np.abs(model.prior.modes).max() / 100)
    np.testing.assert_array_equal(loaded.domain, model.domain)
    assert loaded.prior.kernels == model.prior.kernels
    assert loaded.grid == model.grid


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(InputError, match="PCA-skull"):
        load_pca_skull(tmp_path / "weights.safetensors", {})


def test_the_command_writes_a_model_that_can_be_found_and_used(model, tmp_path):
    cases = [DatasetCase(subject="a", complete=tmp_path / "a.nrrd", split="training")]
    write_model(tmp_path / "model", model, cases=cases, data="made-up heads", licence="none")
    found = model_library.find(tmp_path / "model")
    assert found.description["split"] == {"training": ["a"], "validation": [], "test": []}
    assert "made-up heads" in (tmp_path / "model" / "MODEL_CARD.md").read_text(encoding="utf-8")
    skull = head(MEAN_AXES)
    implant = hole_at(skull, (0.3, -0.5, 0.8))
    assert dice(implant_by(load_model(found), without(skull, implant)), implant) > 0.88


def test_the_bundled_model_completes_the_demo_skull():
    folder = resources.BUNDLED.parent / "Demo"
    defective, implant = (read_mask(folder / f"{name}.nrrd") for name in ("defective_skull", "reference_implant"))
    assert dice(implant_by(load_model(model_library.find("pca_skull")), defective), implant) > 0.8
