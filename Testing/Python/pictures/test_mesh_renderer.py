"""Meshes drawn without OpenGL: where they are, how large, and which side is visible."""

import numpy as np
import pytest

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.pictures.camera import Camera
from CraNeXtLib.pictures.mesh_renderer import render_mesh

FRONT = Camera.looking_from(np.array([0.0, 1, 0]))
CORNERS = np.array([[x, y, z] for x in (-1.0, 1) for y in (-1, 1) for z in (-1, 1)])
FACES = np.array(
    [
        *[(0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1)],
        *[(2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)],
    ]
)


def box(size, middle=(0, 0, 0)):
    return Mesh(CORNERS * np.array(size) / 2 + middle, FACES)


def joined(*meshes):
    faces = [mesh.faces + 8 * number for number, mesh in enumerate(meshes)]
    return Mesh(np.concatenate([mesh.vertices for mesh in meshes]), np.concatenate(faces))


def drawn(image):
    return (image < 255).any(axis=-1)


def test_the_box_of_these_tests_is_closed_and_turned_outwards():
    assert box((2, 3, 4)).is_watertight
    assert box((2, 3, 4)).volume_ml == pytest.approx(0.024)
    assert (box((2, 2, 2)).vertex_normals * CORNERS > 0).all()


def test_a_box_is_drawn_in_its_size_in_the_middle():
    mesh = box((20, 7, 10), middle=(3, 200, -50))
    image = render_mesh(mesh, np.full((8, 3), 0.5), FRONT, (80, 120), 0.25)
    rows, columns = np.nonzero(drawn(image))
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (40, 80)
    assert (rows.mean(), columns.mean()) == pytest.approx((39.5, 59.5))
    assert len(rows) == 40 * 80  # no pixel is left out where faces meet


def test_what_lies_outside_the_picture_is_cut_off():
    image = render_mesh(box((50, 7, 4)), np.zeros((8, 3)), FRONT, (20, 30), 1.0)
    assert drawn(image).sum() == 30 * 4


@pytest.mark.parametrize(("side", "nearer"), [((0, 1, 0), 1), ((0, -1, 0), 0)])
def test_the_nearer_of_two_boxes_hides_the_other(side, nearer):
    mesh = joined(box((10, 2, 10), (0, -20, 0)), box((10, 2, 10), (0, 20, 0)))
    colors = np.repeat([[1.0, 0, 0], [0, 0, 1.0]], 8, axis=0)
    image = render_mesh(mesh, colors, Camera.looking_from(np.array(side, dtype=float)), (40, 40), 0.5)
    visible = image[drawn(image)]
    assert (visible[:, 2 * nearer] > 100).all()
    assert (visible[:, 2 - 2 * nearer] == 0).all()


def test_colors_run_between_vertices_and_from_the_patients_right_to_left():
    mesh = box((20, 2, 20))
    red_on_the_right = np.where(mesh.vertices[:, :1] > 0, [[0.8, 0, 0]], [[0, 0, 0.8]])
    image = render_mesh(mesh, red_on_the_right, FRONT, (40, 40), 0.5).astype(int)
    row = image[20]
    assert row[0, 0] > row[0, 2]  # who looks at the face sees its right on the left
    assert row[-1, 2] > row[-1, 0]
    assert (np.diff(row[1:-1, 2]) >= 0).all()


def test_a_ball_is_lit_from_the_upper_left():
    distance = np.sqrt(sum((axis - 15.0) ** 2 for axis in np.ogrid[:31, :31, :31]))
    mesh = surface_of(Volume(distance <= 12, np.eye(4)))
    image = render_mesh(mesh, np.full((len(mesh.vertices), 3), 0.5), FRONT, (64, 64), 0.4).astype(float)
    quarters = [half for rows in np.split(image, 2) for half in np.split(rows, 2, axis=1)]
    upper_left, upper_right, lower_left, lower_right = (quarter[drawn(quarter)].mean() for quarter in quarters)
    assert upper_left > 1.3 * lower_right
    assert upper_left > upper_right > lower_left > lower_right > 60
