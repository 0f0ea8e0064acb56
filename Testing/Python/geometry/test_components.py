"""Components are found, counted and dropped as scikit-image and SciPy do it."""

import numpy as np
import pytest
from scipy import ndimage
from skimage import measure

from CraNeXtLib.geometry.components import (
    cavities_of,
    components_with,
    labeled,
    largest_component,
    largest_first,
    pieces_of,
    without_cavities,
    without_specks,
)
from CraNeXtLib.geometry.volume import Volume

MASKS = [
    np.random.default_rng(seed).random(shape) > level
    for seed, (shape, level) in enumerate([((9, 8, 7), 0.9), ((9, 8, 7), 0.75), ((6, 6, 6), 0.4), ((12, 11), 0.6)])
]


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("mask", MASKS)
def test_labels_and_sizes_are_those_of_scikit_image(mask, corners):
    labels, sizes = labeled(mask, corners=corners)
    expected = measure.label(mask, connectivity=mask.ndim if corners else 1)
    assert sizes[0] == 0
    assert len(sizes) == expected.max() + 1
    for label in range(1, len(sizes)):
        part = labels == label
        assert sizes[label] == part.sum()
        assert len(np.unique(expected[part])) == 1


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("mask", MASKS)
def test_the_largest_component_is_the_first_of_the_order(mask, corners):
    labels, sizes = labeled(mask, corners=corners)
    order = largest_first(sizes)
    assert sorted(order) == list(range(1, len(sizes)))
    assert [sizes[label] for label in order] == sorted(sizes[1:], reverse=True)
    np.testing.assert_array_equal(largest_component(mask, corners=corners), labels == order[0])


def test_components_of_equal_size_keep_the_order_of_their_labels():
    assert largest_first(np.array([0, *[2] * 40, 3])) == [41, *range(1, 41)]


def test_nothing_has_no_component():
    empty = np.zeros((3, 3, 3), bool)
    assert labeled(empty)[1].tolist() == [0]
    assert largest_first(labeled(empty)[1]) == []
    assert not largest_component(empty).any()
    assert not components_with(empty, empty).any()
    assert not without_specks(empty, 1.0).any()


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("mask", MASKS)
def test_components_without_a_mark_or_too_small_are_dropped(mask, corners):
    marks = np.random.default_rng(7).random(mask.shape) > 0.8
    kept = components_with(mask, marks, least=3, corners=corners)
    expected = np.zeros(mask.shape, bool)
    for region in measure.regionprops(measure.label(mask, connectivity=mask.ndim if corners else 1)):
        if region.num_pixels >= 3 and marks[tuple(region.coords.T)].any():
            expected[tuple(region.coords.T)] = True
    np.testing.assert_array_equal(kept, expected)


def test_specks_are_measured_in_cubic_millimeters_and_touch_by_faces():
    mask = np.zeros((12, 12, 12), bool)
    mask[1:6, 1:6, 1:5] = True  # 100 voxels
    mask[7:11, 7:11, 7:11] = True  # 64 voxels
    mask[6, 6, 5] = True  # touches both at corners only
    assert without_specks(mask, 1.0).sum() == 100
    assert without_specks(mask, 0.99).sum() == 0
    assert without_specks(mask, 2.0).sum() == 164
    assert without_specks(mask, 1.0, least_mm3=64).sum() == 164
    assert without_specks(mask, 1.0, least_mm3=1).sum() == 165


@pytest.mark.parametrize("mask", [mask for mask in MASKS if mask.ndim == 3])
def test_cavities_are_the_holes_that_scipy_fills(mask):
    np.testing.assert_array_equal(without_cavities(mask), ndimage.binary_fill_holes(mask))
    np.testing.assert_array_equal(cavities_of(mask), ndimage.binary_fill_holes(mask) & ~mask)


def test_pieces_are_cropped_and_stay_where_they_were():
    voxels = np.zeros((10, 10, 10), bool)
    voxels[0:2, 0:2, 0:2] = True
    voxels[2, 2, 2] = True  # belongs to the first by a corner
    voxels[5:9, 5:9, 5:9] = True
    mask = Volume(voxels, np.diag([-1.0, 2.0, 0.5, 1.0]))
    large, small = pieces_of(mask)
    assert (large.voxels.sum(), small.voxels.sum()) == (64, 9)
    assert (large.shape, small.shape) == ((4, 4, 4), (3, 3, 3))
    found = np.concatenate([piece.to_ras(np.argwhere(piece.voxels)) for piece in (small, large)])
    np.testing.assert_allclose(found, mask.to_ras(np.argwhere(voxels)))
