"""Which way is out of the head at a piece of an implant."""

import numpy as np
import pytest
from phantoms import OBLIQUE, head

from CraNeXtLib.implant.outward import box_center, outward_direction


@pytest.mark.parametrize("directions", [np.eye(3), OBLIQUE], ids=["upright", "oblique"])
def test_outward_points_from_the_middle_of_the_head_to_the_hole(directions):
    hole = np.array([60.0, 30.0, 40.0])
    phantom = head(directions=directions, holes=((tuple(hole), 20.0),))
    outward = outward_direction(phantom.implant, phantom.defective)
    assert np.linalg.norm(outward) == pytest.approx(1)
    assert np.degrees(np.arccos(outward @ hole / np.linalg.norm(hole))) < 8


def test_the_box_center_of_a_skull_lies_in_the_middle_of_the_head_whatever_is_missing():
    phantom = head(holes=(((60.0, 30.0, 40.0), 45.0),))
    np.testing.assert_allclose(box_center(phantom.defective), 0, atol=5)


def test_a_piece_in_the_very_middle_has_up_as_its_direction():
    phantom = head(holes=())
    assert outward_direction(phantom.complete, phantom.complete).tolist() == [0, 0, 1]
