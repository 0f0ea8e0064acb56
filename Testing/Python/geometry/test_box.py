"""A box holds its points or voxels, stays in its array, and is never empty."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import (
    box_around,
    box_from,
    corner_indices,
    corners_between,
    enclosing_box,
    foreground_box,
)

SHAPE = (7, 5, 9)


@given(arrays(bool, SHAPE), st.integers(0, 3))
def test_the_foreground_box_is_the_smallest_that_holds_every_true_voxel(mask, margin):
    if not mask.any():
        with pytest.raises(InputError, match="empty"):
            foreground_box(mask, margin=margin)
        return
    indices = np.argwhere(mask)
    expected = [
        slice(max(low - margin, 0), min(high + margin + 1, size))
        for low, high, size in zip(indices.min(axis=0), indices.max(axis=0), SHAPE, strict=True)
    ]
    assert list(foreground_box(mask, margin=margin)) == expected


def test_each_axis_may_have_its_own_margin():
    mask = np.zeros(SHAPE, bool)
    mask[3, 2, 4] = True
    assert foreground_box(mask, margin=(0, 1, 2)) == (slice(3, 4), slice(1, 4), slice(2, 7))


@given(arrays(float, (3, 3), elements=st.floats(-30, 30)), st.integers(0, 3))
def test_a_box_around_points_holds_the_voxels_on_both_sides_and_stays_in_the_array(points, margin):
    for axis, (side, size) in enumerate(zip(box_around(points, SHAPE, margin=margin), SHAPE, strict=True)):
        assert 0 <= side.start < side.stop <= size
        assert side.start <= max(np.floor(points[:, axis].min()) - margin, 0)
        assert side.stop > min(np.ceil(points[:, axis].max()) + margin, size - 1)
        if points[:, axis].min() - margin >= size:
            assert (side.start, side.stop) == (size - 1, size)
        if points[:, axis].max() + margin < 0:
            assert (side.start, side.stop) == (0, 1)


def test_an_enclosing_box_holds_all():
    boxes = [box_from((0, 4, 2), (1, 5, 9)), box_from((3, 0, 3), (4, 1, 4)), box_from((2, 2, 2), (3, 3, 3))]
    assert enclosing_box(boxes) == (slice(0, 4), slice(0, 5), slice(2, 9))
    assert enclosing_box(boxes[:1]) == boxes[0]


def test_corners_are_the_eight_combinations():
    corners = corners_between((-1, 0.5, 2), (1, 3, 2.5))
    assert {tuple(corner) for corner in corners.tolist()} == {
        (x, y, z) for x in (-1, 1) for y in (0.5, 3) for z in (2, 2.5)
    }
    assert {tuple(corner) for corner in corner_indices((slice(1, 3), slice(0, 4), slice(5, 6))).tolist()} == {
        (x, y, 5) for x in (1, 2) for y in (0, 3)
    }
