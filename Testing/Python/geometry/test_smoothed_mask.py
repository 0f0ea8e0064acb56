import numpy as np
import pytest
from scipy import ndimage

from CraNeXtLib.geometry import smoothed_mask
from CraNeXtLib.geometry.smoothed_mask import AIR, BLUR_VOXELS, SmoothedMask


def random_mask(planes: int) -> np.ndarray:
    return ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(planes, 9, 11)), 0.8) > 0


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("planes", [1, 5, 70])
def test_stairs_are_smoothed_as_by_two_gaussian_filters_that_keep_each_center_on_its_side(planes, order, monkeypatch):
    monkeypatch.setattr(smoothed_mask, "_TILE", np.array([8, 6, 16]))
    mask = random_mask(planes).copy(order)
    around = np.pad(mask, AIR)
    expected = np.where(around, -1.0, 1.0) * np.sqrt(np.pi) * BLUR_VOXELS
    for _ in range(2):
        expected = ndimage.gaussian_filter(expected, BLUR_VOXELS, truncate=2, mode="nearest")
        expected = np.where(around, np.minimum(expected, -0.1), np.maximum(expected, 0.1))
    whole = (slice(0, planes), slice(0, 9), slice(0, 11))
    np.testing.assert_allclose(SmoothedMask(mask).around(whole), expected, atol=1e-5)


def test_parts_are_those_of_the_whole_and_nothing_is_smoothed_twice(monkeypatch):
    monkeypatch.setattr(smoothed_mask, "_TILE", np.array([8, 6, 16]))
    mask = random_mask(40)
    whole = SmoothedMask(mask).around((slice(0, 40), slice(0, 9), slice(0, 11)))
    smoothed, tiles = SmoothedMask(mask), []
    without_stairs = smoothed_mask._without_stairs
    monkeypatch.setattr(smoothed_mask, "_without_stairs", lambda part: tiles.append(part) or without_stairs(part))
    for first in (10, 12, 30):
        part = smoothed.around((slice(first, first + 2), slice(3, 9), slice(0, 11)))
        np.testing.assert_array_equal(part, whole[first : first + 2 + 2 * AIR, 3:])
    assert len(tiles) == 4 * 3 * 2  # those of 8 to 40 in the first axis, of 0 to 18 and 0 to 32 in the others
