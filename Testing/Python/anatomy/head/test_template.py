"""The bundled template."""

import numpy as np
import pytest

from CraNeXtLib.anatomy.head.regions import REGIONS
from CraNeXtLib.anatomy.head.template import load_template
from CraNeXtLib.core.resources import TEMPLATE


def test_the_bundled_template_is_small_upright_and_symmetrical():
    template = load_template()
    assert TEMPLATE.stat().st_size < 1_000_000
    assert np.array_equal(template.voxels, template.voxels[::-1])
    assert template.to_ras(np.array([[(template.shape[0] - 1) / 2, 0, 0]]))[0, 0] == pytest.approx(0)
    middles = {
        region.label: template.to_ras(np.argwhere(template.voxels == region.label)).mean(0) for region in REGIONS
    }
    assert middles[4][2] < middles[5][2] < middles[6][2]
    assert middles[7][2] < middles[8][2]
    assert middles[7][1] > middles[5][1] > middles[3][1]
    assert middles[1][2] == min(middle[2] for middle in middles.values())
    vault = template.to_ras(np.argwhere(template.voxels > 1))
    assert 130 < np.ptp(vault[:, 0]) < 155
    assert 165 < np.ptp(vault[:, 1]) < 195
