"""Other voxels for the same anatomy keep its place and its amount."""

import numpy as np
import pytest

from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume


def test_shrink_keeps_place_and_amount():
    voxels = np.zeros((30, 31, 17), bool)
    voxels[4:16, 10:25, 2:14] = True
    volume = Volume(voxels, np.diag([-0.5, 0.5, 0.7, 1.0]))
    small = shrink(volume, 1.5)
    np.testing.assert_allclose(small.spacing, [1.5, 1.5, 1.4])
    assert small.voxels.sum() * small.voxel_volume_mm3 == pytest.approx(voxels.sum() * volume.voxel_volume_mm3)
    middles = [
        v.to_ras(np.average(np.argwhere(v.voxels > 0), axis=0, weights=v.voxels[v.voxels > 0])[None])
        for v in (volume, small)
    ]
    np.testing.assert_allclose(*middles, atol=1e-6)
