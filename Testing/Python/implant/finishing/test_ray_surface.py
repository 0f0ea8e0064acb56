"""Where rays meet a plate of 6 mm, and how far its edge is, which slants below."""

import numpy as np
import pytest

from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing.ray_surface import FARTHEST_EDGE_MM, RaySurface

UP = np.array([[0.0, 0, 1]])


@pytest.fixture(scope="module")
def plate() -> Volume:
    """Its outer side is at z = 10, its edge at x = 20, and by 1 mm for each mm below less."""
    x, y, z = np.ogrid[-20:31, -20:21, 0:21]
    beside = (x - 20 + (10 - z)) / np.sqrt(2)
    field = np.max(np.broadcast_arrays(np.abs(z - 7) - 3, beside, np.abs(y) - 30), axis=0).astype(np.float32)
    affine = np.eye(4)
    affine[:3, 3] = (-20, -20, 0)
    return Volume(field, affine)


def test_rays_meet_the_outer_side_and_measure_the_thickness(plate):
    places, thickness = RaySurface(plate).below(np.array([[0.0, 0, 12], [0, 0, 9], [25, 0, 10]]), np.repeat(UP, 3, 0))
    np.testing.assert_allclose(places[:2], [[0, 0, 10], [0, 0, 10]], atol=0.1)
    assert thickness == pytest.approx([6, 6, 0], abs=0.3)
    assert np.isnan(places[2]).all()


def test_the_edge_is_that_of_the_outer_side_and_what_is_around_a_hole_is_looked_at_below(plate):
    surface, place, depth = RaySurface(plate), np.array([[12.0, 0, 10]]), np.array([6.0])
    assert surface.edge_mm(place, UP, depth) == pytest.approx([7.3], abs=0.7)
    assert surface.edge_mm(place, UP, depth, within_mm=2.0) == [2.0]
    assert surface.edge_mm(np.array([[-2.0, 0, 10]]), UP, depth) == [FARTHEST_EDGE_MM]
    # At the bottom of the hole, where x = 14.9 is the edge:
    assert surface.enclosed(place, UP, depth, 2.4).all()
    assert not surface.enclosed(place, UP, depth, 3.4).any()


@pytest.mark.parametrize(("slant", "solid", "edge_mm"), [(0.65, False, 8.0), (-0.65, False, 8.0), (-0.65, True, 6.1)])
def test_the_edge_of_a_slanted_wall_is_that_of_the_outer_side_and_in_a_solid_one_the_nearest_of_3_mm(
    slant, solid, edge_mm
):
    """On a dome of 80 mm; the wall leans by 33°, so that it is 2 mm nearer or farther 3 mm below."""
    x, y, z = (axis / 2 for axis in np.ogrid[-30:61, -60:61, 0:41])
    depth = 80 - np.hypot(np.hypot(x, y), z + 65)  # below an outer side that is at z = 15 in the middle
    beside = (x - 8 - slant * depth) / np.hypot(1, slant)
    field = np.max(np.broadcast_arrays(-depth, depth - 7, beside), axis=0).astype(np.float32)
    affine = np.diag([0.5, 0.5, 0.5, 1.0])
    affine[:3, 3] = (-15, -30, 0)
    surface = RaySurface(Volume(field, affine), solid=solid)
    assert surface.edge_mm(np.array([[0.0, 0, 15]]), UP, np.array([7.0])) == pytest.approx([edge_mm], abs=0.5)
