"""What a page unpacks is the mesh that was packed, to the stated step, with its values in mm."""

import numpy as np
import pytest
from packed_meshes import unpacked

from CraNeXtLib.cases.report.viewer.packed_mesh import UNKNOWN, VALUE_MM, PackedMesh, pack_mesh
from CraNeXtLib.geometry.mesh import Mesh

CODE = {"step": VALUE_MM, "unknown": UNKNOWN}


def described(packed: PackedMesh) -> dict:
    return {
        "vertices": packed.vertices,
        "faces": packed.faces,
        "origin": packed.origin,
        "step": packed.step_mm,
        "lowest": packed.lowest_mm,
    }


def test_positions_faces_and_values_are_the_same():
    rng = np.random.default_rng(3)
    points = rng.uniform(-130, 170, (400, 3))
    faces = rng.integers(0, 400, (900, 3))
    gaps, walls = rng.uniform(-4.2, 9.7, 400), rng.uniform(0, 12, 400)
    gaps[rng.random(400) < 0.4] = np.nan
    packed = pack_mesh(Mesh(points, faces), gaps, walls, step_mm=0.02)
    vertices, corners, values, rest = unpacked(described(packed), CODE, packed.data)
    assert rest == b""
    # The order of the vertices is another one; the corners of the faces are in the same places with the same values.
    assert vertices[corners] == pytest.approx(points[faces], abs=0.0101)
    for found, given in zip(values, (gaps, walls), strict=True):
        assert found[corners] == pytest.approx(given[faces], abs=0.0051, nan_ok=True)
    assert np.isnan(values[0][corners]).mean() == pytest.approx(np.isnan(gaps[faces]).mean())


def test_vertices_without_a_face_are_left_out():
    packed = pack_mesh(Mesh(np.diag([1.0, 2, 3, 9])[:, :3], np.array([[3, 0, 2]])), step_mm=0.02)
    vertices, corners, _, _ = unpacked(described(packed), CODE, packed.data)
    assert vertices[corners[0]] == pytest.approx(np.array([[0, 0, 0], [1, 0, 0], [0, 0, 3]]), abs=0.011)
    assert packed.vertices == 3


def test_a_mesh_of_two_meters_is_packed_more_coarsely():
    points = np.array([[0.0, 0, 0], [2000, 0, 0], [0, 700, 0]])
    packed = pack_mesh(Mesh(points, np.array([[0, 1, 2]])), step_mm=0.02)
    vertices, _, _, _ = unpacked(described(packed), CODE, packed.data)
    assert vertices == pytest.approx(points, abs=0.016)


def test_a_map_without_any_value_stays_unknown():
    mesh = Mesh(np.eye(3), np.array([[0, 1, 2]]))
    packed = pack_mesh(mesh, np.full(3, np.nan), step_mm=0.02)
    assert np.isnan(unpacked(described(packed), CODE, packed.data)[2][0]).all()
