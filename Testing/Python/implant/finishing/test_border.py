"""Openings by a ball, on shapes for which the answer is geometry."""

import numpy as np
import pytest

from CraNeXtLib.geometry.distance_field import distance
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing.border import forbidden_by_bone, without_slivers

STEP_MM = 0.5
SIZE = 80
X, Y, Z = (axis * STEP_MM for axis in np.ogrid[:SIZE, :SIZE, :SIZE])


def field_of(signed_distance: np.ndarray) -> Volume:
    values = np.broadcast_to(signed_distance, (SIZE,) * 3).astype(np.float32)
    return Volume(values, np.diag([STEP_MM] * 3 + [1.0]))


def bone_with_a_slot(width_mm: float) -> Volume:
    """Distance to bone below z = 20 mm that a slot of some width cuts through, all along y."""
    return distance(field_of(np.maximum(Z - 20.0, width_mm / 2 - np.abs(X - 20.0))))


@pytest.mark.parametrize("clearance_mm", [0.5, 2.0])
def test_the_clearance_to_flat_bone_is_kept(clearance_mm):
    allowed = forbidden_by_bone(bone_with_a_slot(0), clearance_mm=clearance_mm, edge_radius_mm=2.0) < 0
    lowest = allowed[20, 20].argmax() * STEP_MM
    assert lowest == pytest.approx(20 + clearance_mm, abs=STEP_MM)


def test_a_slot_that_the_ball_does_not_enter_is_forbidden_and_a_wide_one_is_not():
    narrow, wide = (
        forbidden_by_bone(bone_with_a_slot(width_mm), clearance_mm=0.5, edge_radius_mm=2.0) for width_mm in (3.0, 8.0)
    )
    inside = (40, 40, 20)  # in the middle of the slot, 10 mm below its opening
    assert narrow[inside] > 0
    assert wide[inside] < 0
    without_ball = forbidden_by_bone(bone_with_a_slot(3.0), clearance_mm=0.5, edge_radius_mm=0.0)
    assert without_ball[inside] < 0


def test_a_sliver_is_removed_and_the_plate_it_hangs_on_is_kept():
    plate = np.maximum(np.abs(Z - 20.0) - 4.0, np.maximum(np.abs(X - 14.0), np.abs(Y - 20.0)) - 10.0)
    sliver = np.maximum(np.maximum(np.abs(Z - 20.0) - 0.7, np.abs(X - 28.0) - 6.0), np.abs(Y - 20.0) - 10.0)
    part = field_of(np.minimum(plate, sliver))
    opened = without_slivers(part, 3.0) < 0
    assert part.voxels[60, 40, 40] < 0
    assert not opened[56:].any()
    assert opened[12:44, 24:56, 34:46].all()
    assert not (opened & (part.voxels >= 0)).any()


def test_a_sharp_edge_is_rounded_by_half_of_the_thinnest():
    cube = field_of(np.maximum(np.maximum(np.abs(X - 20.0), np.abs(Y - 20.0)), np.abs(Z - 20.0)) - 12.0)
    opened = without_slivers(cube, 6.0) < 0
    corner = np.argwhere(opened)[np.argwhere(opened).sum(axis=1).argmax()] * STEP_MM
    # A ball of radius 3 mm in the corner of the cube ends 3 (√3 - 1) mm before the corner.
    assert np.linalg.norm(corner - 32.0) == pytest.approx(3 * (np.sqrt(3) - 1), abs=0.8)
