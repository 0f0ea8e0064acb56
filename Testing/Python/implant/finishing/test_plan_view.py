"""The view from outside of a ball's cap, whose outline, height and normals are known."""

import numpy as np
import pytest

from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing.plan_view import PlanView

STEP_MM = 0.5
RADIUS_MM = 30.0


@pytest.fixture(scope="module")
def view() -> PlanView:
    """A plate between 27 and 30 mm from a point 30 mm below the top of the grid, within 10 mm of the axis."""
    x, y, z = (axis * STEP_MM for axis in np.ogrid[:61, :61, :41])
    across = np.hypot(x - 15, y - 15)
    radius = np.sqrt(across**2 + (z + 12) ** 2)
    field = np.maximum(np.abs(radius - RADIUS_MM + 1.5) - 1.5, across - 10).astype(np.float32)
    return PlanView(Volume(field, np.diag([STEP_MM] * 3 + [1.0])))


def test_the_outline_and_the_distance_to_the_border_are_those_of_a_disk(view):
    assert view.outline.sum() * STEP_MM**2 == pytest.approx(np.pi * 10**2, rel=0.03)
    assert view.border_distance_mm.max() == pytest.approx(10, abs=STEP_MM)
    assert (view.border_distance_mm[~view.outline] == 0).all()


def test_the_top_is_the_outer_surface_and_continues_beyond_the_outline(view):
    i, j = np.indices(view.outline.shape)
    across = np.hypot(i - 30, j - 30) * STEP_MM
    expected = (np.sqrt(RADIUS_MM**2 - across**2) - 12) / STEP_MM
    assert np.abs(view.top - expected)[view.outline].max() <= 1
    assert view.top[0, 30] == view.top[view.outline[:, 30].argmax(), 30]


def test_normals_point_away_from_the_center_of_the_ball(view):
    inner = view.border_distance_mm > 4
    assert view.outward_cosines(np.array([15.0, 15, -12]))[inner].min() > 0.99
    i, j = np.argwhere(inner)[0]
    offset = np.array([i - 30, j - 30, view.top[i, j] + 24.0])
    np.testing.assert_allclose(view.normals[i, j], offset / np.linalg.norm(offset), atol=0.06)
