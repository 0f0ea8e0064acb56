"""What no whole network shows: layers of volumes smaller than a kernel, and of zeros."""

import numpy as np
from scipy import ndimage

from CraNeXtLib.networks.numpy_layers import depthwise_conv, response_scale


def test_a_kernel_may_be_larger_than_the_volume():
    rng = np.random.default_rng(0)
    for shape in ((2, 3, 5), (1, 1, 1)):
        x = rng.normal(size=(*shape, 2)).astype(np.float32)
        weight = rng.normal(size=(2, 1, 7, 7, 7)).astype(np.float32)
        bias = np.array([0.5, -0.5], np.float32)
        expected = [ndimage.correlate(x[..., c], weight[c, 0], mode="constant") + bias[c] for c in range(2)]
        np.testing.assert_allclose(depthwise_conv(x, weight, bias), np.stack(expected, axis=-1), atol=1e-5)


def test_a_response_of_zeros_is_not_scaled():
    gamma = np.ones((1, 1, 1, 3), np.float32)
    assert (response_scale(np.zeros((2, 2, 2, 3), np.float32), gamma, (0, 1, 2)) == 1).all()
