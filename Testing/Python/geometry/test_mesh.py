"""Volume, watertightness, normals and shells of meshes."""

import numpy as np
import pytest
from phantoms import head

from CraNeXtLib.geometry.components import pieces_of
from CraNeXtLib.geometry.mesh import (
    Mesh,
    averaged_normals,
    face_centers,
    face_normals,
    joined,
    solid_parts,
    split_mesh,
    without_debris,
)
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume

# A triangle of 3 mm² in the plane y = 5 that faces the patient's back, and one of 2 mm² that faces up.
TRIANGLES = Mesh(
    np.array([[0.0, 5, 0], [2, 5, 0], [0, 5, 3], [0, 0, 1], [2, 0, 1], [0, 2, 1]]), np.array([[0, 1, 2], [3, 4, 5]])
)


def test_averaged_normals_hide_the_stairs_of_voxels():
    axis = np.arange(-22, 23)
    ball = np.add.outer(np.add.outer(axis**2, axis**2), axis**2) < 20**2
    affine = np.diag([-0.8, 0.8, 1.1, 1])
    affine[:3, 3] = -22 * np.diag(affine)[:3]
    mesh = surface_of(Volume(ball, affine), iterations=5)
    radial = mesh.vertices / np.array([0.8, 0.8, 1.1]) ** 2  # the normals of an ellipsoid around the origin
    radial /= np.linalg.norm(radial, axis=1, keepdims=True)

    def worst_deg(normals):
        return np.percentile(np.degrees(np.arccos(np.clip((normals * radial).sum(axis=1), -1, 1))), 95)

    averaged = averaged_normals(mesh, rounds=4)
    assert np.linalg.norm(averaged, axis=1) == pytest.approx(1)
    assert worst_deg(averaged) < 7 < 10 < worst_deg(mesh.vertex_normals)


def test_a_face_normal_points_outward_and_is_as_long_as_twice_the_area_of_the_face():
    assert face_normals(TRIANGLES).tolist() == [[0, -6, 0], [0, 0, 4]]


def test_the_center_of_a_face_is_its_centroid():
    assert face_centers(TRIANGLES).tolist() == [[2 / 3, 5, 1], [2 / 3, 2 / 3, 1]]


def test_open_or_turned_mesh_is_not_watertight():
    mesh = surface_of(head(spacing=(4.0, 4.0, 4.0)).implant)
    assert not Mesh(mesh.vertices, mesh.faces[1:]).is_watertight
    turned = mesh.faces.copy()
    turned[0] = turned[0, ::-1]
    assert not Mesh(mesh.vertices, turned).is_watertight
    assert Mesh(mesh.vertices, mesh.faces[:, ::-1]).volume_ml == pytest.approx(-mesh.volume_ml)


def test_a_joined_mesh_splits_into_the_shells_of_its_pieces():
    voxels = np.zeros((20, 10, 10), dtype=bool)
    voxels[2:8, 2:8, 2:8] = True
    voxels[3:7, 3:7, 3:7] = False  # a cavity, whose surface is a shell of its own
    voxels[12:15, 2:5, 2:5] = True
    mask = Volume(voxels, np.diag([2.0, 2.0, 2.0, 1.0]))
    mesh = surface_of(mask)
    pieces = pieces_of(mask)
    parts = split_mesh(mesh, pieces)
    assert [part.is_watertight for part in parts] == [True, True]
    assert [part.volume_ml for part in parts] == pytest.approx([surface_of(piece).volume_ml for piece in pieces])
    assert joined(parts).volume_ml == pytest.approx(mesh.volume_ml)
    assert len(joined(parts).faces) == len(mesh.faces)
    elsewhere = Volume(np.ones((1, 1, 1), dtype=bool), np.diag([1.0, 1.0, 1.0, 1.0]) + np.eye(4, k=3) * 500)
    assert len(split_mesh(mesh, [*pieces, elsewhere])[2].faces) == 0


def test_what_touches_a_mask_only_at_a_corner_is_debris_and_the_rest_stays_as_it_is():
    voxels = np.zeros((20, 12, 12), dtype=bool)
    voxels[2:10, 2:10, 2:10] = True
    mask = Volume(voxels.copy(), np.eye(4))
    whole = surface_of(mask)
    voxels[10, 10, 10] = voxels[15:18, 2:6, 2:6] = True
    mesh = surface_of(mask.with_voxels(voxels))
    assert len(solid_parts(mesh)) == 3
    cleaned = without_debris(mesh)
    assert len(solid_parts(cleaned)) == 2  # the block, and one of 48 mm³ that touches nothing
    assert cleaned.is_watertight
    block = solid_parts(cleaned)[0]
    assert np.array_equal(cleaned.vertices[block], whole.vertices)
    assert without_debris(whole) is whole
