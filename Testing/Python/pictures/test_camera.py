"""Cameras look at the head the way clinicians do."""

import numpy as np
import pytest

from CraNeXtLib.pictures.camera import Camera


def test_viewer_in_front_sees_the_patients_right_on_the_left():
    camera = Camera.looking_from(np.array([0.0, 1, 0]))
    assert camera.side_letters == ("R", "L")
    np.testing.assert_allclose(camera.rotation[1], [0, 0, -1])
    assert Camera.looking_from(np.array([0.0, 0, 1])).side_letters == ("L", "R")
    assert np.linalg.det(camera.rotation) == pytest.approx(1)


def test_the_face_is_up_when_seen_from_above_or_below():
    for side in ([0.0, 0, 1], [0.0, 0, -1], [0.1, 0.2, -2]):
        up = -Camera.looking_from(np.array(side)).rotation[1]
        assert up[1] > 0.9


def test_an_oblique_view_is_named_by_its_axes_the_nearest_first():
    assert Camera.looking_from(np.array([1.0, 2, 0])).side_letters == ("RP", "LA")
    assert Camera.looking_from(np.array([-2.0, 1, 0])).side_letters == ("AR", "PL")
    assert Camera.looking_from(np.array([0.1, 1, 0.4])).side_letters == ("R", "L")
