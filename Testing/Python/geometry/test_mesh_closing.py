"""Surfaces that a plane cut are closed there as a ring; a hole elsewhere is no guess of ours."""

import numpy as np
import pytest
import trimesh

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh import Mesh, joined
from CraNeXtLib.geometry.mesh_closing import Closing, closed
from CraNeXtLib.geometry.mesh_voxels import voxels_inside

TILT = trimesh.transformations.rotation_matrix(0.5, (1, 2, 0.3))
AFFINE = np.diag([1.0, 1, 1, 1])
AFFINE[:3, 3] = -32


def shell(height: float, radii=(30, 25)) -> Mesh:
    """Return nested spheres, cut off below a height: their corners there are moved into the plane."""
    parts = []
    for radius in radii:
        ball = trimesh.creation.icosphere(subdivisions=4, radius=radius)
        points, faces = np.array(ball.vertices), np.array(ball.faces)
        faces = faces[(points[faces][..., 2] > height).any(axis=1)]
        points[:, 2] = np.maximum(points[:, 2], height)
        used, faces = np.unique(faces, return_inverse=True)
        parts.append(Mesh(trimesh.transform_points(points[used], TILT), faces.reshape(-1, 3)))
    return joined(parts)


def volume_ml(mesh: Mesh) -> float:
    return float(voxels_inside(mesh, AFFINE, (65, 65, 65)).voxels.sum() / 1000)


def test_both_tables_of_a_cut_skull_are_closed_as_a_ring():
    whole, closing = closed(shell(-10), "head.stl")
    caps = [np.pi * (radius - 10) ** 2 * (2 * radius + 10) / 3 / 1000 for radius in (30, 25)]
    expected = 4 / 3 * np.pi * (27 - 15.625) - (caps[0] - caps[1])
    assert volume_ml(whole) == pytest.approx(expected, rel=0.03)
    assert closing == Closing(cuts=1)
    assert closing.warnings("head.stl") == [
        "The surface of head.stl is cut open by a plane; it was closed there as if bone ended at it."
    ]


def test_a_closed_surface_stays_as_it_is():
    mesh = shell(-100)
    assert closed(mesh, "head.stl") == (mesh, Closing())


def test_pinholes_are_closed_and_counted():
    mesh = shell(-100)
    whole, closing = closed(Mesh(mesh.vertices, np.delete(mesh.faces, [7, 900, 4000], axis=0)), "head.stl")
    assert closing == Closing(pinholes=3)
    assert closing.warnings("head.stl") == ["3 small holes in the surface of head.stl were closed."]
    assert volume_ml(whole) == volume_ml(mesh)


def test_a_hole_as_at_a_defect_is_refused_with_its_size():
    mesh = shell(-100)
    far = np.linalg.norm(mesh.vertices[mesh.faces].mean(axis=1) - mesh.vertices[0], axis=1) > 9
    with pytest.raises(InputError, match=r"head.stl has a hole of (19|2\d) mm that is no straight cut, with \d+ open"):
        closed(Mesh(mesh.vertices, mesh.faces[far]), "head.stl")


def test_a_surface_of_loose_triangles_is_refused():
    points = np.random.default_rng(0).random((9000, 3)) * 100
    with pytest.raises(InputError, match="too broken: it has 3,000 holes"):
        closed(Mesh(points, np.arange(9000).reshape(-1, 3)), "head.stl")
