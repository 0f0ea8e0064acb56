"""What pixels of a picture show, by their hue."""

import numpy as np


def hue_is(pixels: np.ndarray, color, *, brighter_than: float = 0) -> np.ndarray:
    """Whether pixels, RGB from 0 to 255, have a color's hue at any brightness above a limit.

    The white background has no hue, though white is close to the color of bone.
    """
    norms = np.linalg.norm(pixels, axis=-1, keepdims=True)
    cosines = (pixels / np.maximum(norms, 1)) @ (np.array(color) / np.linalg.norm(color))
    return (cosines > 0.995) & (norms[..., 0] > brighter_than) & (np.min(pixels, axis=-1) < 250)
