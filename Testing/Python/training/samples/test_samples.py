"""Samples depend on their number alone, cases are prepared once, and losses are what their names say."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from phantoms import OBLIQUE, head

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.anatomy.head.network_grid import make_grid
from CraNeXtLib.datasets.manifest import SkullPair
from CraNeXtLib.training.config import AugmentationConfig, OptimizationConfig
from CraNeXtLib.training.losses import make_loss
from CraNeXtLib.training.module import rate_at
from CraNeXtLib.training.samples.numbered_samples import NumberedSamples
from CraNeXtLib.training.samples.prepared_skull import PreparedSkull, draw_sample, prepare_skull, random_affine

STILL = AugmentationConfig(
    own_defect=1, flip_left_right=0, rotation_deg=0, scaling=0, translation_mm=0, elastic_mm=0, segmentation_noise=0
)
SHAPE = (40, 48, 32)


def prepared(**options) -> tuple[SkullPair, PreparedSkull]:
    case = head(**options)
    pair = SkullPair(complete=case.complete, defective=case.defective, implant=case.implant)
    return pair, prepare_skull(pair, spacing_mm=2.0, vault_only=False)


def test_preparing_keeps_the_volumes_of_a_tilted_scan():
    pair, skull = prepared(spacing=(0.9, 1.3, 1.7), directions=OBLIQUE)
    for before, after in ((pair.complete.voxels, skull.complete.voxels), (pair.implant.voxels, skull.implant)):
        assert after.sum() * 8.0 == pytest.approx(before.sum() * pair.complete.voxel_volume_mm3, rel=0.03)
    assert not (skull.implant & ~skull.complete.voxels).any()


def test_packing_loses_nothing():
    _, skull = prepared()
    again = PreparedSkull.unpacked(skull.packed())
    assert again.complete.has_geometry_of(skull.complete)
    np.testing.assert_array_equal(again.complete.voxels, skull.complete.voxels)
    np.testing.assert_array_equal(again.implant, skull.implant)


@pytest.mark.parametrize("grid", ["default", "vault"])
def test_a_sample_that_is_not_turned_is_what_prediction_sees(grid):
    pair, skull = prepared(spacing=(1.1, 1.2, 1.3))
    rng = np.random.default_rng(0)
    sample = draw_sample(skull, skull_frame(skull.complete), STILL, rng, grid=grid, shape=SHAPE)
    defective, complete = sample["defective"], sample["complete"]
    box = make_grid(grid, pair.defective, SHAPE)
    for sampled, mask in ((defective, pair.defective), (complete - defective, pair.implant)):
        expected = box.sample(mask)
        assert sampled.shape == (1, *SHAPE)
        assert sampled.sum() == pytest.approx(expected.sum(), rel=0.06)
        # The grid follows the resampled skull, whose extents differ by up to a voxel of 2 mm from the scan's.
        np.testing.assert_allclose(centroid(sampled[0].numpy()), centroid(expected), atol=0.5)


def centroid(values: np.ndarray) -> np.ndarray:
    return np.array([(values * axis).sum() for axis in np.indices(values.shape)]) / values.sum()


def test_a_drawn_defect_leaves_bone_and_takes_some():
    _, skull = prepared()
    config = AugmentationConfig(own_defect=0, defects={"random-1": 1.0})
    frame = skull_frame(skull.complete)
    rngs = [np.random.default_rng(seed) for seed in (1, 1, 2)]
    samples = [draw_sample(skull, frame, config, rng, grid="vault", shape=SHAPE) for rng in rngs]
    defective, complete = samples[0]["defective"], samples[0]["complete"]
    assert 0 < (complete - defective).sum() < 0.5 * complete.sum()
    assert (complete - defective).min() > -1e-5
    assert torch.equal(defective, samples[1]["defective"])
    assert not torch.equal(defective, samples[2]["defective"])


def test_bending_and_noise_change_the_head_and_keep_it_a_head():
    _, skull = prepared()
    frame = skull_frame(skull.complete)
    changed = [STILL, replace(STILL, elastic_mm=3.0), replace(STILL, segmentation_noise=1.0)]
    still, bent, noisy = (
        draw_sample(skull, frame, config, np.random.default_rng(0), grid="vault", shape=SHAPE) for config in changed
    )
    for changed in (bent, noisy):
        defective, complete = changed["defective"], changed["complete"]
        assert 0.005 < (defective - still["defective"]).abs().mean() < 0.1
        assert complete.sum() == pytest.approx(float(still["complete"].sum()), rel=0.3)
        assert (complete - defective).min() > -1e-5


def test_regions_become_channels_that_sum_to_one():
    _, skull = prepared()
    regions = np.where(skull.complete.to_ras(np.argwhere(np.ones(skull.complete.shape)))[:, 0] < 0, 2, 5)
    skull = replace(skull, regions=regions.reshape(skull.complete.shape).astype(np.uint8) * skull.complete.voxels)
    again = PreparedSkull.unpacked(skull.packed())
    np.testing.assert_array_equal(again.regions, skull.regions)
    for config in (STILL, replace(STILL, segmentation_noise=1.0)):
        sample = draw_sample(
            again, skull_frame(skull.complete), config, np.random.default_rng(0), grid="vault", shape=SHAPE
        )
        channels, defective = sample["input"], sample["defective"][0]
        assert channels.shape == (10, *SHAPE)
        torch.testing.assert_close(channels.sum(dim=0), torch.ones(SHAPE), rtol=0, atol=1e-3)
        assert float(channels[1:].sum()) == pytest.approx(float(defective.sum()), rel=0.05)
        left, right = channels[2], channels[5]
        assert left[20:].sum() < 0.1 * left.sum()
        assert right[:20].sum() < 0.1 * right.sum()


def test_a_flip_mirrors_left_and_right_about_the_middle():
    flip = AugmentationConfig(flip_left_right=1, rotation_deg=0, scaling=0, translation_mm=0)
    matrix = random_affine(flip, np.random.default_rng(0), np.array([10.0, 5, 3]))
    np.testing.assert_allclose(matrix @ [12, 7, 9, 1], [8, 7, 9, 1])


def test_samples_are_numbered_without_gaps_over_processes_and_epochs():
    numbers = []
    for step in (0, 3):
        shares = [list(NumberedSamples(lambda at=step: at, 12, 2, rank, 2)) for rank in range(2)]
        assert not set(shares[0]) & set(shares[1])
        numbers += sorted(shares[0] + shares[1])
    assert numbers == list(range(24))


def test_the_official_losses_are_those_of_the_published_script():
    logits, target = torch.randn(1, 1, 4, 4, 4), (torch.rand(1, 1, 4, 4, 4) > 0.5).float()
    p = torch.sigmoid(logits)
    soft_dice = 1 - 2 * (p * target).sum() / (p.sum() + target.sum())
    torch.testing.assert_close(make_loss("official-dice")(logits, target), soft_dice, rtol=1e-4, atol=1e-4)
    perfect = make_loss("official-double-sigmoid")((2 * torch.ones_like(target) - 1) * 50, torch.ones_like(target))
    assert float(perfect) == pytest.approx(0.3133, abs=1e-3)  # field knowledge: the floor of cross entropy on sigmoid 1
    assert float(make_loss("dice-bce")(torch.where(target > 0, 50.0, -50.0), target)) == pytest.approx(0, abs=1e-4)


def test_the_learning_rate_rises_stays_and_falls():
    options = OptimizationConfig(warmup_steps=10, decay=0.4)
    rates = [rate_at(options, 100, step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[10:61] == [1.0] * 51
    assert all(later < earlier for earlier, later in pairwise(rates[61:]))
    assert rates[-1] < 0.01
    assert rate_at(OptimizationConfig(warmup_steps=0, decay=0.0), 100, 99) == 1.0


def test_published_labels_are_one_channel_that_training_and_use_share(monkeypatch):
    from types import SimpleNamespace

    from CraNeXtLib.anatomy.head.official_grid import OfficialGrid
    from CraNeXtLib.completion.network_completer import NetworkCompleter
    from CraNeXtLib.training.samples.official_pairs import official_pair

    case = head(spacing=(4.0, 3.0, 4.0), directions=np.diag([-1.0, 1, 1]), thickness_mm=8.0)

    def categorize(skull, *, method):
        assert method == "official"
        sides = np.where(skull.to_ras(np.argwhere(np.ones(skull.shape)))[:, 0] < 0, 2, 5).reshape(skull.shape)
        return SimpleNamespace(labels=skull.with_voxels((sides * skull.voxels).astype(np.uint8)))

    for module in ("anatomy.categorization.categorize", "training.samples.official_pairs"):
        monkeypatch.setattr(f"CraNeXtLib.{module}.categorize", categorize)
    pair = official_pair(SkullPair(**case._asdict()), SHAPE, labels=True)
    labels = pair["labels"].float().numpy()
    assert labels.shape == SHAPE
    assert 4 < labels.max() <= 5
    assert (labels[: SHAPE[0] // 2 - 2] <= 2).all()  # left is the low end in RAS
    assert len(np.unique(labels)) > 10  # area mixes
    assert np.mean((labels > 0) == (pair["defective"].numpy() > 0)) > 0.999
    completer = NetworkCompleter(torch.nn.Identity(), "official", SHAPE, 0.5, input="labels")
    grid = OfficialGrid(case.defective, SHAPE)
    np.testing.assert_allclose(
        completer._input(case.defective, grid, grid.sample(case.defective))[0], labels, atol=2e-3
    )
