"""The schedule of the learning rate."""

from itertools import pairwise

import pytest

from CraNeXtLib.training.config import OptimizationConfig
from CraNeXtLib.training.module import rate_at


def test_the_learning_rate_rises_stays_and_falls():
    options = OptimizationConfig(warmup_steps=10, decay=0.4)
    rates = [rate_at(options, 100, step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[10:61] == [1.0] * 51
    assert all(later < earlier for earlier, later in pairwise(rates[61:]))
    assert rates[-1] < 0.01
    assert rate_at(OptimizationConfig(warmup_steps=0, decay=0.0), 100, 99) == 1.0
