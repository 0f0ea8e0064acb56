"""Masks are accepted whatever their two values; everything else is refused with advice."""

import numpy as np
import pytest

from CraNeXtLib.anatomy.head.skull_mask import skull_mask
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume


def volume(voxels) -> Volume:
    return Volume(np.asarray(voxels), np.eye(4))


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int32, np.float32, np.float64])
@pytest.mark.parametrize("value", [1, 255])
def test_two_values_are_a_mask(dtype, value):
    voxels = np.zeros((8, 8, 8), dtype)
    voxels[2:4, 2:4, 2:4] = value
    mask = skull_mask(volume(voxels))
    assert mask.voxels.dtype == bool
    assert mask.voxels.sum() == 8


def test_wrong_volumes_are_refused():
    ct = np.random.default_rng(0).integers(-1000, 2000, (20, 20, 20)).astype(np.int16)
    labels = np.zeros((8, 8, 8), np.uint8)
    labels[1, 1, 1], labels[2, 2, 2] = 1, 2
    grey = np.random.default_rng(0).random((8, 8, 8))
    for voxels, words in (
        (np.zeros((8, 8, 8), np.uint8), "empty"),
        (np.zeros((8, 8, 8), bool), "empty"),
        (np.ones((8, 8, 8), np.uint8), "100%"),
        (ct, "--ct"),
        (grey, "at 0.5"),
        (labels, r"\(1, 2\).*--segment"),
    ):
        with pytest.raises(InputError, match=words):
            skull_mask(volume(voxels))
