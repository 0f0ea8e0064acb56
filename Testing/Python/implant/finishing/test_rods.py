"""Holes and plates along a rim that turns keep apart from each other below the surface."""

import numpy as np
import pytest

from CraNeXtLib.implant.finishing.rim_line import RimLine
from CraNeXtLib.implant.finishing.rods import Rods, spread_apart


def rim_with_a_corner() -> RimLine:
    """A square of 40 mm, stations 2 mm apart, whose outward directions turn by 90° within 4 mm at its corners."""
    side = np.arange(-20, 20, 2.0)
    corner = np.full(20, 20.0)
    points = np.concatenate([[-corner, side], [side, corner], [corner, -side], [-side, -corner]], axis=1).T
    points = np.column_stack([points, np.zeros(80)])
    straight = np.repeat([[-1.0, 0, 0], [0, 1, 0], [1, 0, 0], [0, -1, 0]], 20, axis=0)
    outward = straight + np.roll(straight, 1, axis=0)
    return RimLine(points, outward / np.linalg.norm(outward, axis=1, keepdims=True), np.tile([0.0, 0, 1], (80, 1)))


def between_mm(rods: Rods, stations: list[int]) -> float:
    lines = [np.linspace(rods.starts[station], rods.ends[station], 200) for station in stations]
    pairs = [(a, b) for a in range(len(lines)) for b in range(a)]
    nearest = min(np.linalg.norm(lines[a][:, None] - lines[b], axis=2).min() for a, b in pairs)
    return float(nearest) - 2 * rods.radius_mm


@pytest.mark.parametrize("wall_mm", [2.0, 3.0])
def test_what_reaches_inward_from_a_corner_keeps_its_wall(wall_mm):
    rim = rim_with_a_corner()
    rods = Rods(rim.points, rim.points - 9 * rim.outward, 1.0)
    free = np.zeros(80, bool)
    free[12:28] = True  # on both sides of one corner
    alone = rim.spread(free, 3, 2 + wall_mm)
    chosen = spread_apart(rim, free, 3, 2 + wall_mm, [rods], wall_mm)
    assert between_mm(rods, alone) < wall_mm
    assert between_mm(rods, chosen) >= wall_mm - 0.05
    assert len(chosen) >= 2


def test_places_that_are_apart_stay():
    rim = rim_with_a_corner()
    rods = Rods(rim.points, rim.points - [0, 0, 5.0], 1.0)
    free = np.ones(80, bool)
    assert spread_apart(rim, free, 5, 4.0, [rods], 2.0) == rim.spread(free, 5, 4.0)
    assert free.all()
