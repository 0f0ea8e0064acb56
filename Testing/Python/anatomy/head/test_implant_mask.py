"""What cannot be an implant by its size is refused; by its place, see the tests of the files of masks."""

import numpy as np
import pytest

from CraNeXtLib.anatomy.head.implant_mask import check_implant
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume

SKULL = Volume(np.ones((10, 10, 11), bool), np.diag([-10.0, -10, 10, 1]))  # each voxel has 1 mL


def test_more_than_a_liter_is_no_implant():
    def check(count):
        implant = SKULL.with_voxels((np.arange(1100) < count).reshape(SKULL.shape))
        check_implant(implant, SKULL.with_voxels(~implant.voxels), name="a.nrrd", skull_name="b.nrrd")

    for count in (0, 1, 999):
        check(count)
    with pytest.raises(InputError, match=r"a\.nrrd is 1001 mL large, more than any implant"):
        check(1001)


@pytest.mark.parametrize("directions", [1, -1])
def test_a_complete_skull_is_no_implant(directions):
    complete = np.linalg.norm(np.indices((24, 24, 24)) - 11.5, axis=0)
    complete = Volume((complete < 11) & (complete > 9), np.diag([6.0, 6, 6, 1]))
    hole = complete.voxels & (np.indices((24, 24, 24))[2] > 14)
    skull = complete.with_voxels(complete.voxels & ~hole)
    turned = np.diag([6.0 * directions, 6, 6, 1])
    turned[0, 3] = 0 if directions == 1 else 6 * 23

    def check(voxels):
        given = Volume(voxels[::directions], turned)
        check_implant(given, skull, name="a.nrrd", skull_name="b.nrrd")

    check(hole)
    check(np.linalg.norm(np.indices((24, 24, 24)) - 11.5, axis=0) < 9)  # large, but not of bone
    with pytest.raises(
        InputError, match=r"a\.nrrd is a skull, not an implant: it holds the bone of b\.nrrd, too\. Give"
    ):
        check(complete.voxels)
