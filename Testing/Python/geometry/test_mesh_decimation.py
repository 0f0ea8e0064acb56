"""A decimated mesh is closed and within the distance that was asked for, measured by another library."""

import numpy as np
import pytest
import trimesh

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry import mesh_decimation
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_decimation import LIGHT_MM, decimated, largest_distance, light
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


def test_light_mesh_has_half_of_the_triangles_and_the_same_shape():
    ball = Volume(np.linalg.norm(np.indices((30, 30, 30)) - 14.5, axis=0) <= 12, np.eye(4))
    mesh = surface_of(ball)
    reduced = light(mesh)
    assert len(reduced.faces) == pytest.approx(len(mesh.faces) / 2, abs=2)
    assert reduced.is_watertight
    assert reduced.volume_ml == pytest.approx(mesh.volume_ml, rel=1e-3)
    assert largest_distance(mesh.vertices, reduced) <= LIGHT_MM


def test_light_mesh_that_would_be_too_far_off_is_the_original(monkeypatch):
    monkeypatch.setattr(mesh_decimation, "LIGHT_MM", 1e-6)
    mesh = surface_of(Volume(np.linalg.norm(np.indices((12, 12, 12)) - 5.5, axis=0) <= 4, np.eye(4)))
    assert light(mesh) is mesh
