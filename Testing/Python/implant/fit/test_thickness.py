"""The sides of a plate and its thickness, on a cap of a spherical shell."""

import numpy as np
import pytest

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.fit.thickness import INNER, OUTER, RIM, sides, wall_thickness


@pytest.fixture(scope="module")
def cap() -> Mesh:
    """A cap of a shell from 50 to 56 mm about the origin, 3 mm thinner on the inside within 8 mm of its middle."""
    affine = np.eye(4)
    affine[:3, 3] = (-40, -40, 20)
    points = np.indices((81, 81, 41)).reshape(3, -1).T + affine[:3, 3]
    radii = np.linalg.norm(points, axis=1)
    thin = np.hypot(points[:, 0], points[:, 1]) < 8
    inside = (radii <= 56) & (radii >= np.where(thin, 53, 50)) & (points[:, 2] > 0.8 * radii)
    return surface_of(Volume(inside.reshape(81, 81, 41), affine))


def test_vertices_are_on_the_side_that_they_face(cap):
    side, radii = sides(cap, np.zeros(3)), np.linalg.norm(cap.vertices, axis=1)
    assert radii[side == OUTER].min() > 55
    assert np.median(radii[side == INNER]) == pytest.approx(50, abs=0.5)
    rim = cap.vertices[side == RIM]
    assert np.median(rim[:, 2] / np.linalg.norm(rim, axis=1)) == pytest.approx(0.8, abs=0.02)


def test_the_thickness_of_a_plate_is_that_of_its_wall(cap):
    side = sides(cap, np.zeros(3))
    walls = wall_thickness(cap, side)
    assert np.isnan(walls[side == RIM]).all()
    beside = (side == OUTER) & (np.abs(np.hypot(*cap.vertices[:, :2].T) - 20) < 5)
    assert walls[beside] == pytest.approx(6, abs=0.7)
