"""The seat angle of caps whose walls lean by a known angle."""

import numpy as np
import pytest

from CraNeXtLib.geometry.surface_extraction import surface_of_field
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.fit.seat_angle import joined_angles, seat_angles

UP, UPRIGHT = np.array([0.0, 0, 1]), np.eye(3)


def _moving(turned):
    matrix = np.eye(4)
    matrix[:3, :3] = turned
    return matrix


def cap(bevel_deg, *, turned=UPRIGHT):
    """A spherical cap 6 mm thick whose wall leans by an angle, and which of its vertices lie on the wall."""
    affine = np.eye(4)
    affine[:3, 3] = (-35, -35, 45)
    x, y, z = np.ogrid[-35:36, -35:36, 45:75]
    turn = np.deg2rad(bevel_deg)
    radius, rho = np.sqrt(x**2 + y**2 + z**2), np.hypot(x, y)
    wall = np.cos(turn) * (rho - 25 - (z - 58) * np.tan(turn))
    field = np.maximum(np.maximum(radius - 66, 60 - radius), wall).astype(np.float32)
    mesh = surface_of_field(Volume(field, _moving(turned) @ affine))
    points = (mesh.vertices @ turned).T
    distance = np.cos(turn) * (np.hypot(*points[:2]) - 25 - (points[2] - 58) * np.tan(turn))
    sideways = np.stack([*(np.cos(turn) * points[:2] / np.hypot(*points[:2])), np.full(len(points.T), -np.sin(turn))])
    facing = (sideways * (mesh.vertex_normals @ turned).T).sum(axis=0) > 0.7
    return mesh, (np.abs(distance) < 1) & facing


@pytest.mark.parametrize("bevel_deg", [-15, 0, 10, 30])
def test_the_angle_is_that_of_the_wall_and_positive_where_the_part_widens_outward(bevel_deg):
    measured = seat_angles(*cap(bevel_deg), UP).as_dict()
    assert measured["mean"] == pytest.approx(bevel_deg, abs=3)
    assert measured["max"] - measured["min"] < 14
    assert measured["negative_percent"] == (100 if bevel_deg < 0 else 0) or bevel_deg == 0


def test_a_turned_part_has_the_same_angles_and_the_worst_place_is_where_the_wall_leans_least():
    turned = np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])
    mesh, wall = cap(10, turned=turned)
    straight = seat_angles(mesh, wall, turned @ UP)
    assert straight.as_dict() == seat_angles(*cap(10), UP).as_dict()
    way = np.array([np.sin(0.2), 0, np.cos(0.2)])  # leans toward +x, whose wall is then the steepest against it
    angle, place = seat_angles(mesh, wall, turned @ way).worst
    assert angle == pytest.approx(10 - np.rad2deg(0.2), abs=4)
    assert (place @ turned)[0] > 20


def test_without_bone_there_is_no_angle():
    mesh, wall = cap(0)
    nothing = seat_angles(mesh, np.zeros_like(wall), UP)
    assert (nothing.worst, nothing.as_dict()) == (None, None)
    some = seat_angles(mesh, wall, UP)
    assert joined_angles([nothing, some]).as_dict() == some.as_dict()
