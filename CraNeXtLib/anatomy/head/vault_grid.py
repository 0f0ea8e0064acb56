"""A grid of 180 × 216 × 144 mm around the vault, so that a millimeter is the same number of voxels in every skull."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.anatomy.head.ras_box_grid import RasBoxGrid
from CraNeXtLib.geometry.volume import Volume

_SIZE_MM = (180.0, 216.0, 144.0)
_SIDE_MARGIN_MM = 8.0
# The space above is for a missing vertex, as in the grid around the whole skull.
_VERTEX_MARGIN_MM = 25.0


def around_vault(skull: Volume, shape: tuple[int, int, int]) -> RasBoxGrid:
    """Return a grid that is positioned from the vertex downward.

    Cranial defects lie in the vault, and scans end at any level of the face or neck below it. This box spends its
    voxels where the implant is and shows the same anatomy whatever the scan's field of view. Around a skull that is
    wider or longer than the box, it grows in proportion.

    Args:
        skull: The defective skull, a mask of shape (I, J, K).
        shape: Number of voxels along R, A and S; (80, 96, 64) makes them 2.25 mm.

    Raises:
        InputError: If the mask is empty or nearly so.
    """
    frame = skull_frame(skull)
    size = np.array(_SIZE_MM)
    needed = np.array((frame.width, frame.length)) + 2 * _SIDE_MARGIN_MM
    size *= max(1.0, *(needed / size[:2]))
    low = np.array((*frame.center[:2], frame.vertex + _VERTEX_MARGIN_MM - size[2] / 2)) - size / 2
    return RasBoxGrid(skull, shape, low, size)
