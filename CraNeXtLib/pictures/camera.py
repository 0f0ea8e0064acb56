"""An orthographic camera that looks at a head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_ALONG_AXIS = 0.8
"""A direction lies along an anatomical axis if the cosine between the two is at least this, within about 37°."""

_NOTABLE = 0.35
"""An oblique direction is named by the axes whose cosines with it are above this, within about 70° of them."""


@dataclass(frozen=True, eq=False)
class Camera:
    """An orthographic camera.

    Args:
        rotation: The viewer's right, down and forward directions in RAS, as the rows of a matrix of shape (3, 3).
    """

    rotation: np.ndarray

    @classmethod
    def looking_from(cls, side: np.ndarray) -> Camera:
        """Return a camera on one side of the head.

        The top of the head is up in the picture; seen from above or below, the face is.

        Args:
            side: RAS direction from the head to the viewer, of any length, shape (3,).
        """
        side = np.asarray(side, dtype=float) / np.linalg.norm(side)
        up = np.array([0.0, 0, 1]) if abs(side[2]) < _ALONG_AXIS else np.array([0.0, 1, 0])
        up -= (up @ side) * side
        up /= np.linalg.norm(up)
        return cls(np.array([np.cross(up, side), -up, -side]))

    @property
    def side_letters(self) -> tuple[str, str]:
        """The anatomical directions at the picture's left and right edges, such as ``"R"`` or, oblique, ``"RA"``."""
        right = self.rotation[0]
        axes = [axis for axis in np.argsort(-np.abs(right), kind="stable") if abs(right[axis]) > _NOTABLE]
        first, last = ("".join(("LPI", "RAS")[bool(end * right[axis] > 0)][axis] for axis in axes) for end in (-1, 1))
        return first, last
