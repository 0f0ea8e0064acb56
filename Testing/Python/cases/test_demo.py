"""The demo's bundled skull, and the way from the demo to a case."""

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.resources import DEFECTIVE_SKULL, REFERENCE_IMPLANT
from CraNeXtLib.geometry.volume_files import read_volume


def test_the_bundled_skull_is_one_piece_with_a_hole_on_the_left():
    skull, implant = read_volume(DEFECTIVE_SKULL), read_volume(REFERENCE_IMPLANT)
    assert implant.has_geometry_of(skull)
    assert not (skull.voxels & implant.voxels).any()
    assert ndimage.label(skull.voxels)[1] == ndimage.label(implant.voxels)[1] == 1
    bone, hole = (v.to_ras(np.argwhere(v.voxels)) for v in (skull, implant))
    assert hole[:, 0].max() < bone[:, 0].mean() - 20
    assert 25 < implant.voxels.sum() * implant.voxel_volume_mm3 / 1000 < 45
    nose = bone[bone[:, 1] > bone[:, 1].max() - 5]
    assert nose[:, 2].mean() < bone[:, 2].mean(), "the furthest forward bone should be the nose, low in the face"
