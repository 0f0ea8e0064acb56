"""Every point around a template has the label of the nearest region."""

import numpy as np
import pytest

from CraNeXtLib.anatomy.head.nearest_label_map import NearestLabelMap, labels_near, nearest_label_map
from CraNeXtLib.anatomy.head.pose import bundled_template
from CraNeXtLib.geometry.volume import Volume


def test_labels_reach_the_nearest_region_and_no_further():
    labels = np.zeros((30, 5, 5), np.uint8)
    labels[:4], labels[12:14] = 2, 8
    nearest = NearestLabelMap(Volume(labels, np.diag([2.0, 2, 2, 1])), reach_mm=12.0)
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = -30, 4, 4
    mask = Volume(np.ones((38, 1, 1), bool), affine)
    found = nearest.of_mask(mask, np.eye(4)).ravel()
    points = np.array([6, 14, 18, 24, 38, 44, -30])
    assert found[(points + 30) // 2].tolist() == [2, 2, 8, 8, 8, 9, 9]


@pytest.mark.slow
def test_labeling_a_mask_does_not_depend_on_memory_order():
    template = bundled_template()
    mask = template.with_voxels(np.ascontiguousarray(template.voxels > 0))
    fortran = mask.with_voxels(np.asfortranarray(mask.voxels))
    for volume in (mask, fortran):
        assert np.array_equal(nearest_label_map(template).of_mask(volume, np.eye(4)), template.voxels)


def test_labels_near_a_few_points_are_those_of_the_whole_map_except_in_the_middle_between_two_regions():
    template = bundled_template()
    rng = np.random.default_rng(0)
    points = template.to_ras(rng.uniform(-40, np.array(template.shape) + 40, (3000, 3)))
    near = labels_near(template, points)
    whole = np.array([_label_at(nearest_label_map(template), point) for point in points])
    assert len(np.unique(near)) == 9
    other = np.flatnonzero(near != whole)
    assert len(other) < 10
    for point, *labels in zip(np.rint(template.to_indices(points[other])), near[other], whole[other], strict=True):
        first, second = (
            np.linalg.norm(np.argwhere(template.voxels == label) - point, axis=1).min() for label in labels
        )
        assert first == second
    assert labels_near(template, template.to_ras(np.array([[-21.0, 50, 50]]))).tolist() == [9]
    assert labels_near(template, np.empty((0, 3))).tolist() == []


def _label_at(nearest, point):
    """Return the label of a RAS point as that of a mask of one voxel."""
    affine = np.eye(4)
    affine[:3, 3] = point
    return nearest.of_mask(Volume(np.ones((1, 1, 1), bool), affine), np.eye(4)).item()
