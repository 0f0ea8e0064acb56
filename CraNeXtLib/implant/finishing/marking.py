"""From the field of a part back to voxels of the input."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.geometry.box import box_around
from CraNeXtLib.geometry.distance_field import FAR_MM
from CraNeXtLib.geometry.reslicing import reslice
from CraNeXtLib.geometry.volume import Volume


def mark(part: Volume, result: np.ndarray, geometry: Volume) -> None:
    """Mark the voxels whose centers lie inside a part.

    Args:
        part: Field of the part.
        result: Boolean array to mark them in.
        geometry: Volume whose geometry the array has.
    """
    box = box_around(geometry.to_indices(part.corners), geometry.shape)
    to_part = np.linalg.inv(part.affine) @ geometry.crop(box).affine
    field = reslice(part.voxels, to_part, result[box].shape, outside=FAR_MM)
    result[box] |= field < 0
