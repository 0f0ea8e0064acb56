"""The rim of a part as a line, and places along it."""

import numpy as np
import pytest

from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing.plan_view import PlanView
from CraNeXtLib.implant.finishing.rim_line import RimLine, rim_line

ANGLES = np.deg2rad(np.arange(0, 360, 3))
CIRCLE = np.stack([30 * np.cos(ANGLES), 30 * np.sin(ANGLES), 0 * ANGLES], axis=1)
LINE = RimLine(CIRCLE, CIRCLE / 30, np.tile([0.0, 0, 1], (120, 1)))


def degrees(stations) -> list[int]:
    return (3 * np.array(stations)).tolist()


def test_places_are_even_on_a_free_line():
    found = LINE.spread(np.ones(120, bool), 5, 5.0)
    assert np.diff(degrees(found)).tolist() == pytest.approx([72] * 4, abs=3)


def test_places_use_the_ends_of_what_is_free():
    free = np.ones(120, bool)
    free[60:] = False
    assert degrees(LINE.spread(free, 4, 5.0)) == pytest.approx([0, 59, 118, 177], abs=6)


def test_there_are_fewer_places_if_they_would_come_too_near():
    found = LINE.spread(np.ones(120, bool), 20, 30.0)
    assert len(found) == 6  # 188 mm around
    assert min(LINE.distance_mm(a, b) for a, b in zip(found, found[1:] + found[:1], strict=True)) >= 30
    assert LINE.spread(np.zeros(120, bool), 3, 5.0) == []
    assert len(LINE.spread(np.ones(120, bool), 1, 5.0)) == 1


def test_the_line_follows_the_outer_edge_with_directions_along_the_surface():
    x, y, z = (axis * 0.5 - 20 for axis in np.ogrid[:81, :81, :61])
    plate = np.maximum(np.hypot(x, y) - 15, np.abs(z - 0.3 * x) - 2)  # it slopes by 17°
    affine = np.diag([0.5, 0.5, 0.5, 1.0])
    affine[:3, 3] = -20
    rim = rim_line(PlanView(Volume(plate.astype(np.float32), affine)))
    assert rim is not None
    crumb = np.maximum(plate, np.hypot(x, y) - 0.6).astype(np.float32)
    assert rim_line(PlanView(Volume(crumb, affine))) is None
    assert rim_line(PlanView(Volume(np.ones_like(crumb), affine))) is None
    assert np.hypot(*rim.points[:, :2].T) == pytest.approx(15, abs=0.6)
    assert rim.points[:, 2] - 0.3 * rim.points[:, 0] == pytest.approx(2, abs=0.6)
    right = rim.points[:, 0].argmax()
    np.testing.assert_allclose(rim.outward[right], np.array([1, 0, 0.3]) / np.hypot(1, 0.3), atol=0.05)
    np.testing.assert_allclose(rim.normals[right], np.array([-0.3, 0, 1]) / np.hypot(1, 0.3), atol=0.05)
    assert rim.length_mm == pytest.approx(2 * np.pi * 15 * 1.02, rel=0.04)
