import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.distance_field import FAR_MM, distance, field_of
from CraNeXtLib.geometry.volume import Volume


def test_distances_from_a_flat_face_are_those_of_the_surface_between_the_voxels():
    heights = np.arange(12, dtype=np.float32) - 3.5
    field = Volume(0.5 * np.clip(heights, -1, 1)[:, None, None] * np.ones((1, 10, 10)), np.diag([0.5, 0.5, 0.5, 1]))
    expected = 0.5 * heights[4:, None, None] * np.ones((1, 10, 10))
    np.testing.assert_allclose(distance(field).voxels[4:], expected, atol=0.02)


def test_a_mask_has_the_same_field_on_a_part_of_a_grid_and_whatever_was_asked_before():
    rng = np.random.default_rng(0)
    mask = Volume(ndimage.gaussian_filter(rng.normal(size=(20, 24, 28)), 1.5) > 0, np.diag([0.5, 0.6, 1.0, 1]))
    grid = Volume(np.zeros((30, 30, 40), np.float32), np.diag([0.4, 0.4, 0.4, 1]))
    part = (slice(5, 12), slice(20, 30), slice(3, 9))
    before = field_of(mask, grid.crop(part)).voxels
    np.testing.assert_allclose(field_of(mask, grid).voxels[part], before, atol=1e-5)
    np.testing.assert_allclose(field_of(mask, grid.crop(part)).voxels, before, atol=1e-5)
    centers = mask.to_indices(grid.to_ras(np.argwhere(np.ones(grid.shape))))
    on_voxels = (np.abs(centers - np.rint(centers)) < 1e-3).all(axis=1)
    at = np.rint(centers[on_voxels]).astype(int)
    inside = (at < mask.shape).all(axis=1) & mask.voxels[tuple(np.minimum(at, np.array(mask.shape) - 1).T)]
    assert on_voxels.sum() > 100
    np.testing.assert_array_equal(field_of(mask, grid).voxels.ravel()[on_voxels] < 0, inside)


def test_nothing_inside_is_far_outside_everywhere():
    grid = Volume(np.zeros((4, 4, 4), np.float32), np.eye(4))
    field = field_of(Volume(np.zeros((4, 4, 4), bool), np.eye(4)), grid)
    assert (field.voxels > 1).all()
    assert (distance(field).voxels == FAR_MM).all()
