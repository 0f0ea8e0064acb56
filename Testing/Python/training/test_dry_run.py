"""A dry run measures what a run would cost."""

import numpy as np
from tiny_training import configuration

from CraNeXtLib.training.dry_run import dry_run


def test_a_dry_run_says_what_it_would_cost(manifest, tmp_path):
    cost = dry_run(configuration(manifest, samples_per_epoch=0), tmp_path / "cache")
    assert cost.steps_per_epoch == 2
    assert cost.seconds_per_step > cost.seconds_per_sample > 0  # no other process makes the samples
    assert cost.seconds_per_epoch > 2 * cost.seconds_per_step - 0.1  # and the validation
    assert np.isclose(3600 * cost.hours, cost.seconds_per_epoch * 2, atol=0.5)
    assert 0 < cost.peak_memory_gb < cost.memory_gb
