"""Registrations with ANTs give the same result every time."""

import numpy as np
import pytest
from phantoms import head

from CraNeXtLib.anatomy.categorization.official import ants_affine
from CraNeXtLib.geometry.affine import apply_affine
from CraNeXtLib.geometry.volume import Volume


@pytest.mark.slow
def test_the_same_skulls_are_registered_equally_every_time():
    pytest.importorskip("ants", reason="registers with antspyx")
    skull = head(spacing=(5.0, 5.0, 5.0), thickness_mm=10, half_axes_mm=(40, 50, 40), holes=()).complete
    moved = np.eye(4)
    moved[:3] = [[0.95, 0.05, 0, 4], [-0.05, 1, 0, -3], [0, 0, 1.05, 5]]
    template = Volume(skull.voxels, moved @ skull.affine)
    first, second = (ants_affine(template, skull) for _ in range(2))
    apart = apply_affine(first @ moved, skull.corners) - skull.corners
    assert np.linalg.norm(apart, axis=1).max() < 5
    np.testing.assert_array_equal(second, first)
