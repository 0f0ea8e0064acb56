import numpy as np
import pytest
from scipy import ndimage

from CraNeXtLib.geometry.distance_field import BLUR_VOXELS, distance, without_stairs
from CraNeXtLib.geometry.volume import Volume


@pytest.mark.parametrize("planes", [1, 5, 70])
def test_stairs_are_smoothed_as_by_two_gaussian_filters_that_keep_each_center_on_its_side(planes):
    mask = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(planes, 9, 11)), 0.8) > 0
    expected = np.where(mask, -1.0, 1.0) * np.sqrt(np.pi) * BLUR_VOXELS
    for _ in range(2):
        expected = ndimage.gaussian_filter(expected, BLUR_VOXELS, truncate=2, mode="nearest")
        expected = np.where(mask, np.minimum(expected, -0.1), np.maximum(expected, 0.1))
    np.testing.assert_allclose(without_stairs(mask), expected, atol=1e-5)


def test_distances_from_a_flat_face_are_those_of_the_surface_between_the_voxels():
    mask = np.zeros((12, 10, 10), bool)
    mask[:4] = True
    field = Volume(without_stairs(mask) * np.float32(0.5), np.diag([0.5, 0.5, 0.5, 1]))
    expected = 0.5 * (np.arange(4, 12) - 3.5)
    np.testing.assert_allclose(distance(field).voxels[4:], expected[:, None, None] * np.ones((1, 10, 10)), atol=0.02)
