"""The outer surface of bone or of a part below places above it: where it is, how thick, and how far its edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.distance_field import axes_toward
from CraNeXtLib.geometry.volume import Volume

FARTHEST_EDGE_MM = 15.0
"""Distance up to which edges are looked for."""

_ABOVE_MM, _BELOW_MM, _STEP_MM = 6.0, 20.0, 0.25  # of a ray
_EVEN_MM = 3.0  # a surface this much lower beside a place is not the same one
_DEEP_MM = 3.0  # below its outer side, within which a solid one has its edge where it is nearest
_DEPTHS = np.array([0.5, 0.85])  # parts of the thickness where there must be material around a hole
_RINGS_MM, _DIRECTIONS = 0.25, 16  # between rings around a place, and rays on each
_FALL = np.tan(np.deg2rad(55))  # slope at which a surface falls off at its edge


@dataclass(frozen=True, eq=False)
class RaySurface:
    """A surface that is met by rays from outside.

    Args:
        field: Field of bone or part, negative inside.
        solid: Whether it is solid below; bone is spongy there.
    """

    field: Volume
    solid: bool = False

    def below(self, points: np.ndarray, axes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return where rays first meet the surface, RAS mm, NaN if nowhere near, and the thickness there in mm.

        Args:
            points: Points near the surface, RAS mm, shape (N, 3).
            axes: RAS unit vectors out of the head, shape (N, 3).
        """
        heights = np.arange(_ABOVE_MM, -_BELOW_MM, -_STEP_MM)
        values = self._along(points, axes, heights)
        inside = values < 0
        first = inside.argmax(axis=1)
        met = inside.any(axis=1) & (first > 0) & (heights[first] > -_ABOVE_MM)
        height = _first_heights(values, heights)
        leaves = (~inside & (np.arange(len(heights)) > first[:, None])).argmax(axis=1)
        thickness = np.where(leaves > 0, (leaves - first) * _STEP_MM, _BELOW_MM)
        return np.where(met[:, None], points + height[:, None] * axes, np.nan), np.where(met, thickness, 0.0)

    def edge_mm(
        self, places: np.ndarray, axes: np.ndarray, depths_mm: np.ndarray, *, within_mm: float = FARTHEST_EDGE_MM
    ) -> np.ndarray:
        """Return the distance from places on the surface to its nearest edge in mm, shape (N,).

        The edge is where the surface, followed outward, falls off by more than 55°, or where a solid one ends within
        its uppermost 3 mm. Bone below an edge that slants toward a place is no surface for a screw.

        Args:
            places: Places on the surface, RAS mm, shape (N, 3).
            axes: RAS unit vectors out of the head, shape (N, 3).
            depths_mm: Thickness there, shape (N,).
            within_mm: Distance up to which edges are looked for, and the result without one.
        """
        count = int(np.ceil(within_mm / _RINGS_MM))
        radii = within_mm / count * np.arange(count + 2)
        turns = np.linspace(0, 2 * np.pi, _DIRECTIONS, endpoint=False)
        heights = np.arange(_EVEN_MM, -_EVEN_MM - 1e-6, -2 * _STEP_MM)
        edges = np.full(len(places), within_mm)
        for number, (place, axis, depth) in enumerate(zip(places, axes, depths_mm, strict=True)):
            across = axes_toward(axis)[:, :2] @ np.stack([np.cos(turns), np.sin(turns)])
            points = place + (radii[1:, None, None] * across.T).reshape(-1, 3)
            found = _first_heights(self._along(points, np.broadcast_to(axis, points.shape), heights), heights)
            whole = np.isfinite(found)
            if self.solid:
                below = np.nan_to_num(found)[:, None] - min(_DEPTHS[-1] * depth, _DEEP_MM) * _DEPTHS / _DEPTHS[-1]
                whole &= (self._at(points[:, None] + below[..., None] * axis) < 0).all(axis=1)
            profile = np.vstack([np.zeros(_DIRECTIONS), found.reshape(-1, _DIRECTIONS)])
            ends = ~whole.reshape(-1, _DIRECTIONS)[:count].all(axis=1)
            fallen = (profile[:count] - profile[2:] > _FALL * radii[2]).any(axis=1)  # around the ring between the two
            ends[1:] |= fallen[:-1]
            if ends.any():
                edges[number] = radii[ends.argmax()]
        return edges

    def enclosed(self, places: np.ndarray, axes: np.ndarray, depths_mm: np.ndarray, radius_mm: float) -> np.ndarray:
        """Return whether there is material around holes down to their bottom, too, bool of shape (N,).

        Args:
            places: Places on the surface, RAS mm, shape (N, 3).
            axes: RAS unit vectors out of the head, shape (N, 3).
            depths_mm: Depths of the holes, shape (N,).
            radius_mm: Distance from their axes at which there must be material.
        """
        turns = np.linspace(0, 2 * np.pi, _DIRECTIONS, endpoint=False)
        whole = np.ones(len(places), bool)
        for number, (place, axis, depth) in enumerate(zip(places, axes, depths_mm, strict=True)):
            across = axes_toward(axis)[:, :2] @ np.stack([np.cos(turns), np.sin(turns)])
            ring = place + radius_mm * across.T
            whole[number] = (self._along(ring, np.broadcast_to(axis, ring.shape), -depth * _DEPTHS) < 0).all()
        return whole

    def _along(self, points: np.ndarray, axes: np.ndarray, heights: np.ndarray) -> np.ndarray:
        """Return the field at heights above points, shape (N, H)."""
        return self._at(points[:, None] + heights[None, :, None] * axes[:, None])

    def _at(self, points: np.ndarray) -> np.ndarray:
        """Return the field at points, RAS mm, shape (N, H, 3): shape (N, H)."""
        indices = self.field.to_indices(np.nan_to_num(points.reshape(-1, 3), nan=1e6)).T
        values = ndimage.map_coordinates(self.field.voxels, indices, order=1, cval=1.0, prefilter=False)
        return values.reshape(points.shape[:-1])


def _first_heights(values: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Return where rays first meet a surface, shape (N,): NaN if nowhere, the greatest height if it is above that.

    Args:
        values: Field along the rays, shape (N, H).
        heights: Heights on them, falling, shape (H,).
    """
    inside = values < 0
    after, rows = np.maximum(inside.argmax(axis=1), 1), np.arange(len(values))
    above, below = values[rows, after - 1], values[rows, after]
    part = np.clip(above / np.where(above > below, above - below, 1), 0, 1)
    met = heights[after - 1] + part * (heights[after] - heights[after - 1])
    return np.where(inside.any(axis=1), met, np.nan)
