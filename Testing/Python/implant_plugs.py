"""Implants of known size for a hole in a generated head."""

import numpy as np
from phantoms import Head

from CraNeXtLib.geometry.volume import Volume

HOLE = (70.0, 0.0, 35.0)
"""Center of the hole in RAS mm, on the right side of the head."""


def smaller(phantom: Head, radius_mm: float, *, shift_mm: tuple[float, float, float] = (0, 0, 0)) -> Volume:
    """The plug of a hole of another radius, moved."""
    points = np.argwhere(phantom.complete.voxels)
    ras = phantom.complete.to_ras(points) - HOLE - shift_mm
    plug = np.zeros(phantom.complete.shape, bool)
    plug[tuple(points[np.linalg.norm(ras, axis=1) <= radius_mm].T)] = True
    return phantom.complete.with_voxels(plug & ~phantom.defective.voxels)
