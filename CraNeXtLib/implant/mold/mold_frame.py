"""The frame in which a mold is made: its third axis is up when the mold is poured, along the opening direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CraNeXtLib.geometry.distance_field import axes_toward
from CraNeXtLib.geometry.mesh import Mesh

_TURN_DEG = 3.0


@dataclass(frozen=True, eq=False)
class MoldFrame:
    """A rotated frame.

    Args:
        axes: Its axes in RAS, as the columns of a matrix of shape (3, 3).
    """

    axes: np.ndarray

    @classmethod
    def along(cls, direction: np.ndarray, points: np.ndarray) -> MoldFrame:
        """Return the frame with a third axis in which a box around points is smallest.

        Args:
            direction: RAS direction of the third axis, shape (3,).
            points: RAS mm, shape (N, 3).
        """
        axes = axes_toward(direction)
        flat = (points @ axes)[:, :2]
        turns = [_turn(angle) for angle in np.deg2rad(np.arange(0, 90, _TURN_DEG))]
        best = min(turns, key=lambda turn: float(np.ptp(flat @ turn, axis=0).prod()))
        axes = axes.copy()
        axes[:, :2] = axes[:, :2] @ best
        return cls(axes)

    @property
    def up(self) -> np.ndarray:
        """RAS unit vector of the third axis."""
        return self.axes[:, 2]

    def from_ras(self, mesh: Mesh) -> Mesh:
        """Return a mesh in this frame."""
        return Mesh(mesh.vertices @ self.axes, mesh.faces)

    def to_ras(self, mesh: Mesh) -> Mesh:
        """Return a mesh of this frame in RAS."""
        return Mesh(mesh.vertices @ self.axes.T, mesh.faces)


def _turn(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
