import numpy as np
import pytest
from scipy import ndimage

from CraNeXtLib.geometry.reslicing import reslice

TURN = np.array(
    [[0.913, -0.207, 0.111, 2.03], [0.301, -1.107, 0.203, 9.05], [0.051, 0.103, 0.711, -1.07], [0, 0, 0, 1]]
)
FLIP = np.array([[0.0, 0, -1, 7], [1, 0, 0, 0], [0, -1, 0, 9], [0, 0, 0, 1]])


@pytest.mark.parametrize("to_indices", [np.eye(4), TURN, FLIP])
@pytest.mark.parametrize("order", ["C", "F"])
def test_values_are_those_of_scipy(to_indices, order):
    values = np.random.default_rng(0).normal(size=(8, 10, 12)).astype(np.float32).copy(order)
    shape = (11, 9, 10)
    expected = ndimage.affine_transform(values, to_indices[:3, :3], to_indices[:3, 3], shape, order=1, cval=-7.0)
    resliced = reslice(values, to_indices, shape, outside=-7.0)
    assert resliced.dtype == np.float32
    np.testing.assert_allclose(resliced, expected, atol=1e-4)  # VTK rounds positions to some millionths of a voxel
    assert (resliced == -7).any()
    assert (resliced != -7).any()
