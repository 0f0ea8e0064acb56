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
    # VTK rounds positions to some millionths of a voxel, so that one on the very edge may be in or out.
    indices = np.tensordot(to_indices[:3, :3], np.indices(shape), 1) + to_indices[:3, 3, None, None, None]
    last = np.array(values.shape)[:, None, None, None] - 1
    on_edge = ((np.abs(indices) < 1e-3) | (np.abs(indices - last) < 1e-3)).any(axis=0) & (to_indices is TURN)
    np.testing.assert_allclose(resliced[~on_edge], expected[~on_edge], atol=1e-4)
    assert (resliced == -7).any()
    assert (resliced != -7).any()
