"""Plates in a frame of bone, which tests split into segments."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.geometry.volume import Volume


def framed_plate(*, thickness_mm: int = 8, lean: float = 0.0, step_mm: float = 1.0) -> tuple[Volume, Volume]:
    """Return the masks of a plate of 60 × 30 mm and of the bone around it; up is out of the head.

    Args:
        thickness_mm: Thickness of both.
        lean: How far the short walls lean inward on the way up, in mm for each mm: the plate is undercut at both ends.
        step_mm: Voxel spacing.
    """
    shape = tuple(round(side / step_mm) for side in (90, 50, thickness_mm + 70))
    affine = np.diag([step_mm, step_mm, step_mm, 1.0])
    affine[:3, 3] = (-45, -25, -64)
    x, y, z = (affine[a, a] * np.arange(shape[a]) + affine[a, 3] for a in range(3))
    layer = (z >= 0) & (z < thickness_mm)
    inside = (np.abs(x)[:, None] < 30 - lean * z[None])[:, None, :] & (np.abs(y) < 15)[None, :, None] & layer
    block = np.broadcast_to((np.abs(x) < 44)[:, None, None] & (np.abs(y) < 24)[None, :, None] & layer, shape)
    base = np.broadcast_to((z < -62), shape)  # so that the middle of the head lies below the plate
    return Volume(inside, affine), Volume((block & ~inside) | base, affine)
