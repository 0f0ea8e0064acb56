"""The gaps between bones close."""

import numpy as np

from CraNeXtLib.anatomy.head.bodyparts3d import close_sutures
from CraNeXtLib.geometry.volume import Volume


def test_sutures_close_and_wide_gaps_stay():
    labels = np.zeros((40, 30, 12), np.uint8)
    labels[:15, :, 3:9], labels[18:, :, 3:9] = 1, 2
    closed = close_sutures(Volume(labels, np.diag([1.0, 1, 1, 1])), gap_mm=4.0).voxels
    assert (closed[12:21, 15, 6] > 0).all()
    assert closed[15, 15, 6] == 1
    assert closed[17, 15, 6] == 2
    labels[15:26] = 0
    assert (close_sutures(Volume(labels, np.eye(4)), gap_mm=4.0).voxels[16:25, 15] == 0).all()
