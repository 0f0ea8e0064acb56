"""Regions reach a network's grid one by one."""

import pytest

from CraNeXtLib.anatomy.categorization.region_channels import region_channels
from CraNeXtLib.anatomy.head.network_grid import make_grid


@pytest.mark.parametrize("name", ["default", "official"])
def test_channels_never_mix_labels(skull, categorized, name):
    grid = make_grid(name, skull, (32, 40, 32))
    channels = region_channels(categorized.labels, grid)
    assert channels.shape == (10, 32, 40, 32)
    assert channels.sum(axis=0) == pytest.approx(1, abs=1e-4)
    upper = channels[6] > 0.5
    assert upper.any()
