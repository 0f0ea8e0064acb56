"""A decimated mesh is closed and within the distance that was asked for, measured by another library."""

import numpy as np
import pytest
import trimesh

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_decimation import decimated, largest_distance
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume


@pytest.fixture(scope="module")
def ball():
    """The surface of a ball of 22 mm on voxels of 1 mm."""
    places = np.indices((48, 48, 48)) - 23.5
    return surface_of(Volume(np.linalg.norm(places, axis=0) < 22, np.eye(4)))


@pytest.mark.parametrize("tolerance_mm", [0.1, 0.4])
def test_the_surface_stays_within_the_distance(ball, tolerance_mm):
    mesh, distance_mm = decimated(ball, tolerance_mm)
    assert mesh.is_watertight
    assert len(mesh.faces) < 0.7 * len(ball.faces)
    apart = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    _, apart_mm, _ = trimesh.proximity.closest_point_naive(apart, ball.vertices[::300])
    assert apart_mm.max() <= distance_mm + 1e-6
    assert 0.2 * tolerance_mm < distance_mm <= tolerance_mm
    assert mesh.volume_ml == pytest.approx(ball.volume_ml, rel=0.01)


def test_distances_are_from_the_faces_and_not_the_corners():
    box = trimesh.creation.box((20, 20, 20))
    mesh = Mesh(np.asarray(box.vertices), np.asarray(box.faces))
    assert largest_distance(np.array([[0.0, 0, 12], [0, 0, 7]]), mesh) == pytest.approx(3)


def test_an_open_mesh_is_refused(ball):
    with pytest.raises(InputError, match="not closed"):
        decimated(Mesh(ball.vertices, ball.faces[1:]), 0.1)
