"""The rim of a part seen along the insertion direction, as stations about 2 mm apart, and places evenly along it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from CraNeXtLib.implant.finishing.plan_view import PlanView

STATION_MM = 2.0

_EXACT_MM = 0.1  # of the distance between places
_SMOOTH_MM = 1.5  # standard deviation of the smoothing of the outline
_INSIDE_MM = 3.0  # where the slope of the outer surface is taken; at the rim itself it is rounded


@dataclass(frozen=True, eq=False)
class RimLine:
    """Stations along the longest outline of a part.

    Args:
        points: On the outer edge, RAS mm, shape (N, 3), in order; the line is closed.
        outward: RAS unit vectors across the rim, away from the part and along its outer surface, shape (N, 3).
        normals: RAS unit normals of the outer surface, shape (N, 3).
    """

    points: np.ndarray
    outward: np.ndarray
    normals: np.ndarray

    @property
    def length_mm(self) -> float:
        """Length of the line."""
        return float(self._steps_mm.sum())

    @property
    def _steps_mm(self) -> np.ndarray:
        return np.linalg.norm(np.roll(self.points, -1, axis=0) - self.points, axis=1)

    def distance_mm(self, first: int, second: int) -> float:
        """Return the distance from one station forward to another along the line."""
        ends = np.concatenate([[0], np.cumsum(self._steps_mm)])
        return float((ends[second] - ends[first]) % ends[-1]) if first != second else self.length_mm

    def spread(self, free: np.ndarray, count: int, apart_mm: float) -> list[int]:
        """Return stations in order whose nearest two lie as far apart as possible, fewer if there is no room for all.

        Args:
            free: Where a place may be, bool of shape (N,).
            count: Number of places.
            apart_mm: Least distance between two along the line.
        """
        stations = np.flatnonzero(free)
        positions = np.concatenate([[0], np.cumsum(self._steps_mm)])[stations]
        for number in range(min(count, len(stations)), 1, -1):
            least, most = apart_mm, self.length_mm / number
            chosen = _at_least_apart(positions, number, least, self.length_mm)
            if chosen is None:
                continue
            while most - least > _EXACT_MM:
                middle = (least + most) / 2
                wider = _at_least_apart(positions, number, middle, self.length_mm)
                chosen, least, most = (chosen, least, middle) if wider is None else (wider, middle, most)
            return stations[chosen].tolist()
        return stations[len(stations) // 2 :][:1].tolist() if count else []


def _at_least_apart(positions: np.ndarray, count: int, apart: float, length: float) -> list[int] | None:
    """Return the indices of so many positions on a closed line with a distance between neighbors; None if none are.

    >>> _at_least_apart(np.array([0.0, 4, 5, 9]), 2, 5, 10)
    [0, 2]
    >>> _at_least_apart(np.array([0.0, 4, 5, 9]), 3, 5, 10)

    Args:
        positions: Positions along the line, in order, shape (N,).
        count: Number of positions to choose.
        apart: Least distance along the line.
        length: Length of the line.
    """
    following = np.searchsorted(positions, positions + apart)
    for start in range(len(positions)):
        chosen = [start]
        while len(chosen) < count and following[chosen[-1]] < len(positions):
            chosen.append(int(following[chosen[-1]]))
        if len(chosen) == count and positions[start] + length - positions[chosen[-1]] >= apart:
            return chosen
    return None


def rim_line(view: PlanView) -> RimLine | None:
    """Return the rim of a part; None if it is empty or too small to have one.

    Args:
        view: The part seen along its insertion direction.
    """
    from skimage.measure import find_contours

    blurred = ndimage.gaussian_filter(np.pad(view.outline, 2).astype(float), _SMOOTH_MM / view.step)
    lines = find_contours(blurred, 0.5)
    if not lines:
        return None
    line = max(lines, key=len)[:-1] - 2
    every = max(1, round(STATION_MM * len(line) / max(_length(line) * view.step, 1e-6)))
    line = line[::every]
    slope = np.stack([_at(np.asarray(g), line + 2) for g in np.gradient(blurred)], axis=1)
    inward = slope / np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 1e-9)
    within = line + inward * _INSIDE_MM / view.step
    normals = np.stack([_at(view.normals[..., axis], within) for axis in range(3)], axis=1)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    outward = np.column_stack([-inward, np.zeros(len(line))])
    outward -= (outward * normals).sum(axis=1, keepdims=True) * normals
    cosines = np.linalg.norm(outward, axis=1, keepdims=True)
    outward /= cosines
    surface = np.column_stack([within, _at(view.smooth_top, within) + 0.5])
    points = view.part.to_ras(surface + outward * _INSIDE_MM / view.step / cosines)
    axes = view.part.affine[:3, :3] / view.part.spacing
    return RimLine(points, outward @ axes.T, normals @ axes.T)


def _length(line: np.ndarray) -> float:
    return float(np.linalg.norm(np.roll(line, -1, axis=0) - line, axis=1).sum())


def _at(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return values between pixels, shape (N,)."""
    return ndimage.map_coordinates(values, places.T, order=1, mode="nearest")
