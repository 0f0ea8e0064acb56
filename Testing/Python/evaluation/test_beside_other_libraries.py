"""Pairs of masks whose scores can be worked out by hand: the table "Beside other libraries" in ``Docs/metrics.md``.

The values are pooled distances of surface voxels, from a count of how many lie how far away.
"""

import math
from typing import NamedTuple

import numpy as np
import pytest

from CraNeXtLib.evaluation import metrics
from CraNeXtLib.geometry.volume import Volume

Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


class Pair(NamedTuple):
    """Boxes of the prediction and the reference, and (distance in mm, surface voxels that lie so far) of both."""

    name: str
    prediction: tuple[Box, ...]
    reference: tuple[Box, ...]
    spacing: tuple[float, float, float]
    dice: float
    distances: list[tuple[float, int]]


PLATE = ((5, 6), (5, 25), (5, 25))  # one voxel thick: all 400 are surface
SPUR = ((6, 36), (15, 16), (15, 16))
CUBE = ((10, 20),) * 3

# A cube of 6 in the middle of one of 10: along each axis, a voxel of the large one lies 0 beside the small one
# (6 of 10), 1 (2 of 10) or 2 (2 of 10); those of its surface 2 along one axis at least.
NESTED = [
    (math.hypot(*steps), math.prod({0: 6, 1: 2, 2: 2}[step] for step in steps))
    for steps in np.ndindex(3, 3, 3)
    if 2 in steps
]
# A cube of 10, moved by 2 along z: its top lies 3 mm off the other's top, the next ring of 36 voxels 1.5 mm; its bottom
# lies inside the other, 0.5 mm from the sides for each ring; the other rings touch. The other cube sees the same.
MOVED = [(3.0, 100), (1.5, 36), *((0.5 * ring, 36 - 8 * ring) for ring in range(5)), (0.0, 7 * 36)]

PAIRS = [
    Pair("plates", (((8, 9), (5, 25), (5, 25)),), (PLATE,), (0.5,) * 3, 0, [(1.5, 800)]),
    Pair(
        "spur",
        (PLATE, SPUR),
        (PLATE,),
        (1.0,) * 3,
        800 / 830,
        [(0.0, 800), *((float(step), 1) for step in range(1, 31))],
    ),
    Pair("moved", (((10, 20), (10, 20), (12, 22)),), (CUBE,), (0.5, 0.5, 1.5), 0.8, 2 * MOVED),
    Pair("nested", (((12, 18),) * 3,), (CUBE,), (1.0,) * 3, 2 * 216 / 1216, [(2.0, 152), *NESTED]),
    Pair("border", (((1, 2), (5, 25), (5, 25)),), (((0, 1), (5, 25), (5, 25)),), (1.0,) * 3, 0, [(1.0, 800)]),
]


def mask(boxes: tuple[Box, ...], spacing: tuple[float, float, float]) -> Volume:
    voxels = np.zeros((44, 30, 36), bool)
    for box in boxes:
        voxels[tuple(slice(*side) for side in box)] = True
    return Volume(voxels, np.diag([*spacing, 1.0]))


@pytest.mark.parametrize("pair", PAIRS, ids=[pair.name for pair in PAIRS])
def test_scores_are_those_worked_out_by_hand(pair):
    prediction, reference = mask(pair.prediction, pair.spacing), mask(pair.reference, pair.spacing)
    expected = np.repeat(*zip(*pair.distances, strict=True))
    found = metrics.surface_distances(prediction, reference)
    assert metrics.dice(prediction, reference) == pytest.approx(pair.dice)
    assert found.hausdorff == pytest.approx(expected.max())
    assert found.percentile(95) == pytest.approx(np.percentile(expected, 95))
    assert found.mean == pytest.approx(expected.mean())


def test_the_table_has_these_values():
    by_name = {pair.name: np.repeat(*zip(*pair.distances, strict=True)) for pair in PAIRS}
    rounded = {
        name: [round(float(value), 3) for value in (values.max(), np.percentile(values, 95), values.mean())]
        for name, values in by_name.items()
    }
    assert rounded == {
        "plates": [1.5, 1.5, 1.5],
        "spur": [30.0, 0.0, 0.56],
        "moved": [3.0, 3.0, 0.848],
        "nested": [3.464, 2.837, 2.219],
        "border": [1.0, 1.0, 1.0],
    }


def test_empty_masks():
    cube, empty = mask((CUBE,), (1.0,) * 3), mask((), (1.0,) * 3)
    for pair, overlap, distance in (((empty, cube), 0, math.inf), ((cube, empty), 0, math.inf), ((empty, empty), 1, 0)):
        assert metrics.dice(*pair) == overlap
        found = metrics.surface_distances(*pair)
        assert (found.hausdorff, found.percentile(95), found.mean) == (distance,) * 3
