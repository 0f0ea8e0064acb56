"""The demo's skull, registered and labeled once for all tests of this folder."""

import numpy as np
import pytest

from CraNeXtLib.anatomy.categorization.categorize import categorize
from CraNeXtLib.core.resources import DEFECTIVE_SKULL
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume


@pytest.fixture(scope="package")
def skull():
    """The demo's skull at 2.4 mm, in LPS."""
    skull = read_volume(DEFECTIVE_SKULL)
    turned = skull.voxels[::-3, ::-3, ::3] > 0
    affine = skull.affine @ np.diag([-3.0, -3, 3, 1])
    affine[:3, 3] = skull.to_ras(np.array([[skull.shape[0] - 1, skull.shape[1] - 1, 0]]))[0]
    return Volume(turned, affine)


@pytest.fixture(scope="package")
def categorized(skull):
    return categorize(skull)
