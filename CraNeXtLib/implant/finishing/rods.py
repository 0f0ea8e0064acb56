"""Places along the rim whose holes and plates keep apart, also where the rim turns and they run toward each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from CraNeXtLib.implant.finishing.rim_line import RimLine

_SAMPLES = 25  # along a rod: distances of rods of 20 mm that are 2 mm apart are at most 0.05 mm too large


@dataclass(frozen=True, eq=False)
class Rods:
    """What stands at each station of the rim, as a line of a thickness: a hole from its top down, or a plate.

    Args:
        starts: RAS mm, shape (N, 3).
        ends: Likewise.
        radius_mm: Half of the thickness.
    """

    starts: np.ndarray
    ends: np.ndarray
    radius_mm: float

    def samples(self, station: int) -> np.ndarray:
        """Return points along the rod of a station, shape (S, 3)."""
        return np.linspace(self.starts[station], self.ends[station], _SAMPLES)


def spread_apart(
    rim: RimLine, free: np.ndarray, count: int, apart_mm: float, rods: Sequence[Rods], wall_mm: float
) -> list[int]:
    """Return stations spread along the rim like :meth:`RimLine.spread`, with a wall between the rods of any two.

    Args:
        rim: The rim.
        free: Where a place may be, bool of shape (N,).
        count: Number of places.
        apart_mm: Least distance between two along the line.
        rods: What stands at each station.
        wall_mm: Least distance between what stands at two stations.
    """
    free = free.copy()
    while True:
        stations = rim.spread(free, count, apart_mm)
        too_near = _too_near(stations, rods, wall_mm)
        if too_near is None:
            return stations
        free[too_near] = False


def _too_near(stations: Sequence[int], rods: Sequence[Rods], wall_mm: float) -> int | None:
    """Return the first station that stands too near to one before it; None if none does."""
    radii = np.repeat([rod.radius_mm for rod in rods], _SAMPLES)
    least_mm = radii[:, None] + radii + wall_mm
    places = [np.concatenate([rod.samples(station) for rod in rods]) for station in stations]
    for number, place in enumerate(places):
        for other in places[:number]:
            if (np.linalg.norm(place[:, None] - other, axis=2) < least_mm).any():
                return stations[number]
    return None
