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
_EVEN_MM = 3.0  # a surface this much higher or lower beside a place is not the same one
_DEPTHS = np.array([0.5, 0.85])  # parts of the thickness where there must be material around a hole
_RINGS_MM, _DIRECTIONS = 0.25, 16  # between rings around a place, and rays on each


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
        rows = np.arange(len(points))
        met = inside.any(axis=1) & (first > 0) & (heights[first] > -_ABOVE_MM)
        before, after = values[rows, np.maximum(first - 1, 0)], values[rows, first]
        part = before / np.where(met, before - after, 1)
        height = heights[np.maximum(first - 1, 0)] - _STEP_MM * part
        leaves = (~inside & (np.arange(len(heights)) > first[:, None])).argmax(axis=1)
        thickness = np.where(leaves > 0, (leaves - first) * _STEP_MM, _BELOW_MM)
        return np.where(met[:, None], points + height[:, None] * axes, np.nan), np.where(met, thickness, 0.0)

    def edge_mm(self, places: np.ndarray, axes: np.ndarray, *, within_mm: float = FARTHEST_EDGE_MM) -> np.ndarray:
        """Return the distance from places on the surface to its nearest edge in mm, shape (N,).

        Args:
            places: Places on the surface, RAS mm, shape (N, 3).
            axes: RAS unit vectors out of the head, shape (N, 3).
            within_mm: Distance up to which edges are looked for, and the result without one.
        """
        radii = np.linspace(0, within_mm, int(np.ceil(within_mm / _RINGS_MM)) + 1)[1:]
        turns = np.linspace(0, 2 * np.pi, _DIRECTIONS, endpoint=False)
        heights = np.arange(_EVEN_MM, -_EVEN_MM - 1e-6, -3 * _STEP_MM)
        edges = np.full(len(places), within_mm)
        for number, (place, axis) in enumerate(zip(places, axes, strict=True)):
            across = axes_toward(axis)[:, :2] @ np.stack([np.cos(turns), np.sin(turns)])
            rings = place + (radii[:, None, None] * across.T).reshape(-1, 3)
            values = self._along(rings, np.broadcast_to(axis, rings.shape), heights)
            whole = (values < 0).any(axis=1).reshape(len(radii), -1).all(axis=1)
            if not whole.all():
                edges[number] = [0.0, *radii][int(whole.argmin())]
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
        rays = points[:, None] + heights[None, :, None] * axes[:, None]
        rays = np.nan_to_num(rays.reshape(-1, 3), nan=1e6)
        indices = self.field.to_indices(rays).T
        values = ndimage.map_coordinates(self.field.voxels, indices, order=1, cval=1.0, prefilter=False)
        return values.reshape(len(points), len(heights))
