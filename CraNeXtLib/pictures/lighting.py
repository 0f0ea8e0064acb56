"""The light in which surfaces are drawn; it moves with the camera."""

from __future__ import annotations

import numpy as np

# Directions toward the lights in camera axes: right, down, away from the viewer.
KEY_LIGHT = np.array([-0.42, -0.58, -0.70])  # from the upper left, so that bumps look raised and not sunken
FILL_LIGHT = np.array([0.75, 0.05, -0.66])  # from the right, so that no shadow is black


def brightness(normals: np.ndarray) -> np.ndarray:
    """Return the brightness of a matte surface under ambient, key and fill light.

    Args:
        normals: Unit normals in camera axes (right, down, away from the viewer), shape (N, 3).

    Returns:
        Factors for the surface's color, shape (N,): 0.40 in the dark, and above 1 where the lights add up.
    """
    return 0.40 + 0.55 * np.clip(normals @ KEY_LIGHT, 0, 1) + 0.22 * np.clip(normals @ FILL_LIGHT, 0, 1)
