"""The light makes relief readable: bright on the upper left, dark on the lower right, never black."""

import numpy as np
import pytest

from CraNeXtLib.pictures.lighting import brightness


def facing(*direction: float) -> float:
    """Brightness of a surface that faces a direction: right, down, away from the viewer."""
    return float(brightness(np.array([direction]) / np.linalg.norm(direction))[0])


def test_the_key_light_is_above_and_to_the_left_of_the_viewer():
    assert facing(-1, -1, -1) > 1.5 * facing(1, 1, -1)
    assert facing(-1, -1, -1) > facing(-1, 0, -1) > facing(-1, 1, -1)
    assert facing(-1, -1, -1) > facing(1, -1, -1) > facing(1, 1, -1)


def test_the_fill_light_brightens_what_the_key_light_does_not_reach():
    assert facing(1, 1, -1) > 1.3 * facing(-1, 1, 1)


def test_a_surface_that_faces_no_light_has_only_the_ambient_light():
    assert facing(0, 0, 1) == pytest.approx(0.4)
