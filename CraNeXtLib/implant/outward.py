"""Which way is out of the head at an implant, for surfaces that need no landmarks of the skull."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.volume import Volume


def box_center(mask: Volume) -> np.ndarray:
    """Return the center of a mask's bounding box in RAS mm, shape (3,).

    For a skull it is a point inside the head, however much bone is missing.

    Raises:
        InputError: If the mask is empty.
    """
    box = foreground_box(mask.voxels)
    return mask.to_ras(np.array([[(side.start + side.stop - 1) / 2 for side in box]]))[0]


def outward_direction(piece: Volume, skull: Volume) -> np.ndarray:
    """Return the RAS unit vector out of the head at a piece of an implant, shape (3,).

    It points from the center of the skull to that of the piece, or up where the two coincide.

    Raises:
        InputError: If a mask is empty.
    """
    outward = box_center(piece) - box_center(skull)
    length = np.linalg.norm(outward)
    return outward / length if length > 1e-6 else np.array([0.0, 0, 1])
