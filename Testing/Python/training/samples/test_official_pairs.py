"""The paper's preset makes its pairs as published."""

import numpy as np
import pytest
from phantoms import head

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.datasets.skull_pair import SkullPair
from CraNeXtLib.training.config import AugmentationConfig
from CraNeXtLib.training.config_reading import read_config
from CraNeXtLib.training.data import CompletionData
from CraNeXtLib.training.samples.official_pairs import official_pair
from CraNeXtLib.training.samples.prepared_skull import PreparedSkull
from CraNeXtLib.training.samples.skull_samples import draw_sample

WHOLE = head(spacing=(3.0, 3.0, 3.0), holes=())
INTACT = SkullPair(WHOLE.complete, WHOLE.complete, WHOLE.implant)
SHAPE = (36, 44, 34)


def target_beside_input(sample) -> np.ndarray:
    """Return how far the center of mass of the target lies from that of the input, in voxels of the grid."""
    centers = []
    for name in ("complete", "defective"):
        values = sample[name].squeeze().double().numpy()
        centers.append([(values * axis).sum() / values.sum() for axis in np.indices(values.shape)])
    return np.subtract(*centers)


def test_the_published_target_lies_half_a_voxel_beside_the_input():
    pair = official_pair(INTACT, SHAPE)
    np.testing.assert_allclose(target_beside_input(pair), 0.5, atol=0.1)


@pytest.mark.parametrize("grid", ["default", "vault"])
def test_no_other_grid_moves_the_target(grid):
    skull = PreparedSkull(WHOLE.complete, WHOLE.implant.voxels, np.eye(3))
    changes = AugmentationConfig(own_defect=1)
    sample = draw_sample(skull, skull_frame(skull.complete), changes, np.random.default_rng(0), grid=grid, shape=SHAPE)
    np.testing.assert_allclose(target_beside_input(sample), 0, atol=1e-6)


def test_the_paper_preset_makes_its_pairs(manifest, tmp_path):
    overrides = {"data": {"manifest": str(manifest), "shape": [32, 40, 32]}}
    config = read_config("paper", overrides=overrides)
    data = CompletionData(config, tmp_path / "cache")
    data.prepare_data()
    sample = data.training_samples()[0]
    assert sample["complete"].shape == (1, 32, 40, 32)
    assert set(np.unique(sample["complete"])) == {0.0, 1.0}  # nearest
    assert len(np.unique(sample["defective"])) > 2  # area
    assert 0.02 < float((sample["complete"] - sample["defective"]).clamp(min=0).sum() / sample["complete"].sum()) < 0.6
