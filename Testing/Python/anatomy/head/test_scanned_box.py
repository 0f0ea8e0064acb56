"""A scan ends where a plane cuts bone off, whatever air was added beyond it."""

from eggshells import MEAN_AXES, head

from CraNeXtLib.anatomy.head.scanned_box import scanned_box
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.lattice import whole_box


def test_only_a_plane_that_cuts_bone_ends_the_scan():
    whole = head(MEAN_AXES, floor=-200)
    assert scanned_box(whole) == whole_box(whole)
    cut = head(MEAN_AXES, floor=-30)
    assert scanned_box(cut) == (*whole_box(cut)[:2], slice(foreground_box(cut.voxels)[2].start, cut.shape[2]))
