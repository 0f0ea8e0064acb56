"""The input of a network in use is the one that it was trained on."""

from types import SimpleNamespace

import numpy as np
import pytest
from phantoms import head

from CraNeXtLib.anatomy.head.network_grid import make_grid
from CraNeXtLib.anatomy.head.official_grid import OfficialGrid
from CraNeXtLib.completion.network_input import network_input
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.datasets.skull_pair import SkullPair
from CraNeXtLib.training.samples.official_pairs import official_pair

SHAPE = (40, 48, 32)


def test_published_labels_are_one_channel_that_training_and_use_share(monkeypatch):
    case = head(spacing=(4.0, 3.0, 4.0), directions=np.diag([-1.0, 1, 1]), thickness_mm=8.0)

    def categorize(skull, *, method):
        assert method == "official"
        sides = np.where(skull.to_ras(np.argwhere(np.ones(skull.shape)))[:, 0] < 0, 2, 5).reshape(skull.shape)
        return SimpleNamespace(labels=skull.with_voxels((sides * skull.voxels).astype(np.uint8)))

    for module in ("completion.network_input", "training.samples.official_pairs"):
        monkeypatch.setattr(f"CraNeXtLib.{module}.categorize", categorize)
    pair = official_pair(SkullPair(**case._asdict()), SHAPE, labels=True)
    trained = pair["labels"].float().numpy()
    assert trained.shape == SHAPE
    assert 4 < trained.max() <= 5
    assert (trained[: SHAPE[0] // 2 - 2] <= 2).all()  # left is the low end in RAS
    assert len(np.unique(trained)) > 10  # area mixes
    assert np.mean((trained > 0) == (pair["defective"].numpy() > 0)) > 0.999
    grid = OfficialGrid(case.defective, SHAPE)
    used = network_input("labels")(case.defective, grid, grid.sample(case.defective))
    np.testing.assert_allclose(used[0], trained, atol=2e-3)


def test_labels_need_the_published_grid():
    skull = head(spacing=(4.0, 4.0, 4.0)).defective
    grid = make_grid("vault", skull, SHAPE)
    with pytest.raises(InputError, match="'official'"):
        network_input("labels")(skull, grid, grid.sample(skull))


def test_an_unknown_input_is_refused():
    with pytest.raises(InputError, match=r"'two-hot'.*update CraNeXt"):
        network_input("two-hot")
