import numpy as np
import pytest
from manifold3d import Manifold
from molded_parts import cap, grooved, leaning_cone, turned

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.solids import mesh_of
from CraNeXtLib.implant.mold.opening_direction import best_opening, overhang_mm, overhang_mm2, plate_normal


def test_the_normal_of_a_plate_points_out_of_the_head():
    plate = grooved(0.0)
    assert plate_normal(plate, np.array([0.1, 0, -1])) == pytest.approx([0, 0, -1], abs=1e-9)


@pytest.mark.parametrize("depth", [0.0, 0.2, 3.0])
def test_a_groove_is_undercut_over_its_area(depth):
    assert overhang_mm2(grooved(depth), np.array([0.0, 0, 1])) == pytest.approx(30 * depth, abs=1e-6)


def test_the_chosen_direction_frees_a_cone_that_leans():
    part = leaning_cone()
    assert overhang_mm2(part, np.array([0.0, 0, 1])) > 5
    way = best_opening(part, np.array([0.0, 0, 1]))
    assert overhang_mm2(part, way) == pytest.approx(0, abs=1e-6)
    assert way[1] < -np.sin(np.deg2rad(8.9))  # the way it leans, less than the angle of its flanks


def test_a_plate_with_a_blind_hole_that_leans_opens_along_the_hole():
    """A direction beside it is undercut by the hole's walls, and the grid of directions has none along it."""
    lean = 13.0
    plate = mesh_of(Manifold.cube([30, 20, 6], True) - Manifold.cylinder(30, 4, 4, 48).rotate([-lean, 0, 0]))
    axis = np.array([0, np.sin(np.deg2rad(lean)), np.cos(np.deg2rad(lean))])
    assert overhang_mm(plate, np.array([0.0, 0, 1])) > 0.4
    way = best_opening(plate, np.array([0.0, 0, 1]))
    assert np.rad2deg(np.arccos(way @ axis)) < 1  # the nearest of the grid is 5 degrees away
    assert overhang_mm(plate, way) < 0.05


def test_a_cap_opens_about_its_axis():
    part = turned(cap())
    up = part.vertices.mean(axis=0) - turned(Mesh(np.zeros((1, 3)), np.zeros((0, 3), int))).vertices[0]
    assert overhang_mm2(part, best_opening(part, up)) == pytest.approx(0, abs=1e-6)
