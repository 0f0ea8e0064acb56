import numpy as np
import pytest
from molded_parts import cap, grooved, leaning_cone, turned

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.implant.mold.opening_direction import best_opening, plate_normal, trapped_mm3


def test_the_normal_of_a_plate_points_out_of_the_head():
    plate = grooved(0.0)
    assert plate_normal(plate, np.array([0.1, 0, -1])) == pytest.approx([0, 0, -1], abs=1e-9)


def test_what_a_groove_traps_is_its_volume():
    trapped = trapped_mm3(grooved(3.0), np.array([0.0, 0, 1]), 0.5)
    assert trapped == pytest.approx(30 * 3 * 2, rel=0.1)
    assert trapped_mm3(grooved(0.0), np.array([0.0, 0, 1]), 0.5) == 0


def test_the_chosen_direction_frees_a_cone_that_leans():
    part = leaning_cone()
    assert trapped_mm3(part, np.array([0.0, 0, 1]), 0.5) > 5
    way = best_opening(part, np.array([0.0, 0, 1]))
    assert trapped_mm3(part, way, 0.5) == pytest.approx(0, abs=1e-6)
    assert way[1] < -np.sin(np.deg2rad(8.9))  # the way it leans, less than the angle of its flanks


def test_a_cap_opens_about_its_axis():
    part = turned(cap())
    up = part.vertices.mean(axis=0) - turned(Mesh(np.zeros((1, 3)), np.zeros((0, 3), int))).vertices[0]
    assert trapped_mm3(part, best_opening(part, up), 0.5) == pytest.approx(0, abs=1e-6)
