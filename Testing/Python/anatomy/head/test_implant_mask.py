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
        check_implant(implant, SKULL, name="a.nrrd", skull_name="b.nrrd")

    for count in (0, 1, 999):
        check(count)
    with pytest.raises(InputError, match=r"a\.nrrd is 1001 mL large, more than any implant"):
        check(1001)
