"""Openings by a ball, on shapes for which the answer is geometry."""

import numpy as np
import pytest

from CraNeXtLib.geometry.distance_field import distance
from CraNeXtLib.geometry.surface_extraction import surface_of_field
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing.border import forbidden_by_bone, without_feather_edges, without_slivers
from CraNeXtLib.implant.fit.thinnest_wall import thinnest_wall

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


def test_a_feather_edge_on_slanted_bone_ends_blunt_and_the_rest_of_the_part_stays():
    slope = np.tan(np.deg2rad(25))
    above_bone = (Z - 10 - slope * (X - 10)) * np.cos(np.deg2rad(25))
    bone_mm = np.broadcast_to(above_bone, (SIZE,) * 3)
    inside = [0.5 - above_bone, Z - 18, 10 - Z, 4 - X, 4 - Y, Y - 30]
    part = field_of(np.max(np.broadcast_arrays(*inside), axis=0))
    blunt = without_feather_edges(part, bone_mm, wall_mm=2.0, near_mm=4.5, thinnest_mm=1.0)
    assert thinnest_wall(surface_of_field(part), 3.0, limit_mm=2.0)[0] <= 1
    assert thinnest_wall(surface_of_field(part.with_voxels(blunt)), 2.0, limit_mm=2.0) == (2.0, None)
    far = bone_mm > 6
    assert ((blunt < 0) & far).sum() == pytest.approx(((part.voxels < 0) & far).sum(), rel=0.02)


@pytest.mark.parametrize(("near_mm", "share"), [(4.5, 1.0), (100.0, 0.0)])
def test_a_plate_that_is_thin_itself_is_no_feather_edge(near_mm, share):
    bone_mm = np.broadcast_to(X, (SIZE,) * 3)
    plates = np.minimum(np.maximum(np.abs(Z - 10) - 0.7, 1 - X), np.maximum(np.abs(Z - 25) - 3, 1 - X))
    part = field_of(np.maximum(plates, np.maximum(X - 30, np.maximum(4 - Y, Y - 30))))
    edged = without_feather_edges(part, bone_mm, wall_mm=2.0, near_mm=near_mm, thinnest_mm=0.0)
    thin = np.broadcast_to(np.abs(Z - 10) < 2, part.shape)
    assert ((edged < 0) & thin).sum() == share * ((part.voxels < 0) & thin).sum()
    assert (edged < 0)[40, 40, 50]
