"""A sample is a defect in a moved head, on the network's grid."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from phantoms import head

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.anatomy.head.network_grid import make_grid
from CraNeXtLib.datasets.skull_pair import SkullPair
from CraNeXtLib.training.config import AugmentationConfig
from CraNeXtLib.training.samples.prepared_skull import PreparedSkull, prepare_skull
from CraNeXtLib.training.samples.skull_samples import draw_sample

STILL = AugmentationConfig(
    own_defect=1, flip_left_right=0, rotation_deg=0, scaling=0, translation_mm=0, elastic_mm=0, segmentation_noise=0
)


SHAPE = (40, 48, 32)


def prepared(**options) -> tuple[SkullPair, PreparedSkull]:
    case = head(**options)
    pair = SkullPair(complete=case.complete, defective=case.defective, implant=case.implant)
    return pair, prepare_skull(pair, spacing_mm=2.0, vault_only=False)


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
