"""A scan is observed where it has bone, and no further than it reaches."""

import numpy as np
from eggshells import MEAN_AXES, head

from CraNeXtLib.completion.shape_model.observation import scanned_part
from CraNeXtLib.geometry.box import foreground_box


def test_only_a_plane_that_cuts_bone_ends_the_scan():
    whole = head(MEAN_AXES, floor=-200)
    assert scanned_part(whole).shape == whole.shape
    low, high = foreground_box(head(MEAN_AXES, floor=-30).voxels)[2].start, whole.shape[2]
    part = scanned_part(head(MEAN_AXES, floor=-30))
    assert part.shape == (*whole.shape[:2], high - low)
    np.testing.assert_allclose(part.affine[:3, 3], whole.to_ras(np.array([[0, 0, low]]))[0])
