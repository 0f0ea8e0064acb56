"""Spurs: tongues in holes for sutures, around which a suture is looped, so that a hole both drains and holds a suture.

Holes with spurs are proposed by Nout and Mommaerts 2018 (doi 10.1007/s10006-017-0668-4), without sizes; the shape is
ours. A spur lies wholly inside its hole, below the outer surface, so that it reaches neither dura nor scalp.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SUNK_MM = 0.5
"""How far below the outer surface a spur lies, so that the suture around it does not stand out."""


@dataclass(frozen=True)
class Spur:
    """A spur.

    Attributes:
        length_mm: How far it reaches from the wall of its hole into the opening.
        wall_mm: Its width and its thickness.
        direction_ras: RAS unit vector from its root to its tip, across the hole.
    """

    length_mm: float
    wall_mm: float
    direction_ras: tuple[float, float, float]

    def distance_mm(self, along: np.ndarray, aside: np.ndarray, depth: np.ndarray, radius_mm: float) -> np.ndarray:
        """Return the distance of points to the spur, negative inside; the arrays may be of any shapes that broadcast.

        Args:
            along: How far they lie from the middle of the hole toward the tip, in mm.
            aside: How far beside the spur's middle line.
            depth: How far below the outer surface.
            radius_mm: Radius of the hole.
        """
        beyond = along - (self.length_mm - radius_mm - self.wall_mm / 2)  # the tip is round
        outline = np.hypot(np.maximum(beyond, 0), aside) - self.wall_mm / 2
        layer = np.abs(depth - SUNK_MM - self.wall_mm / 2) - self.wall_mm / 2
        distance: np.ndarray = np.maximum(outline, layer)
        return distance
