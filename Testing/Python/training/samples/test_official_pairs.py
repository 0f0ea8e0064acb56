"""The paper's preset makes its pairs as published."""

import numpy as np

from CraNeXtLib.training.config_reading import read_config
from CraNeXtLib.training.data import CompletionData


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
