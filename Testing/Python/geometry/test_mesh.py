"""Normals and centers of a mesh's faces."""

import numpy as np

from CraNeXtLib.geometry.mesh import Mesh, face_centers, face_normals

# A triangle of 3 mm² in the plane y = 5 that faces the patient's back, and one of 2 mm² that faces up.
TRIANGLES = Mesh(
    np.array([[0.0, 5, 0], [2, 5, 0], [0, 5, 3], [0, 0, 1], [2, 0, 1], [0, 2, 1]]), np.array([[0, 1, 2], [3, 4, 5]])
)


def test_a_face_normal_points_outward_and_is_as_long_as_twice_the_area_of_the_face():
    assert face_normals(TRIANGLES).tolist() == [[0, -6, 0], [0, 0, 4]]


def test_the_center_of_a_face_is_its_centroid():
    assert face_centers(TRIANGLES).tolist() == [[2 / 3, 5, 1], [2 / 3, 2 / 3, 1]]
