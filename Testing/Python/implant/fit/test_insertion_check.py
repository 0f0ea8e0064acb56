"""Whether a block can be pulled out of a socket, and by how much the direction may vary."""

import numpy as np
import pytest

from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.fit.insertion_check import check_insertion

UP = np.array([0.0, 0, 1])


def socket(*, gap: int, lid: bool = False) -> Volume:
    """A slab of 12 mm with a square hole 20 mm wide and a gap of some mm around that; covered by a lid or not."""
    bone = np.zeros((60, 60, 60), bool)
    bone[:, :, 10:22] = True
    bone[20 - gap : 40 + gap, 20 - gap : 40 + gap, 10:22] = False
    bone[:, :, 30:33] = lid
    return Volume(bone, np.eye(4))


def block() -> np.ndarray:
    """Points of the surface of a block, 20 x 20 x 8 mm, that lies in the hole."""
    points = np.stack(np.meshgrid(*(np.linspace(*ends, 21) for ends in ((20, 39), (20, 39), (12, 20)))), -1)
    points = points.reshape(-1, 3)
    low, high = points.min(axis=0), points.max(axis=0)
    return points[((points == low) | (points == high)).any(axis=1)]


def test_a_block_with_room_comes_straight_out():
    found = check_insertion(block(), socket(gap=2), UP, [UP], limit_mm=0.3)
    assert found.free
    assert found.collision_mm == 0
    assert found.place_ras_mm is None
    assert found.outward_ras == (0, 0, 1)
    assert found.cone_deg == pytest.approx(15, abs=2.5)  # The wall is 2.5 mm away and ends 9.5 mm above the bottom.


def test_more_room_leaves_a_wider_cone():
    narrow, wide = (check_insertion(block(), socket(gap=gap), UP, [UP], limit_mm=0.3) for gap in (2, 6))
    assert wide.cone_deg > narrow.cone_deg


def test_a_given_direction_that_collides_is_replaced_by_one_that_is_free():
    found = check_insertion(block(), socket(gap=2), UP, [(1.0, 0, 0.2)], limit_mm=0.3)
    assert found.free
    assert found.outward_ras[2] > 0.95


def test_a_block_under_a_lid_is_stuck():
    found = check_insertion(block(), socket(gap=2, lid=True), UP, [], limit_mm=0.3)
    assert not found.free
    assert found.place_ras_mm in [tuple(point) for point in block().round(2).tolist()]
    assert found.cone_deg == 0
    assert found.collision_mm == pytest.approx(1.5, abs=0.7)  # as deep as the middle of the lid
