"""What is accepted as a skull mask, and helpful errors for what is not."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume

_MOST_LABELS = 64  # A volume with more values is an image, not a label map.
_MOST_FOREGROUND = 0.6  # No skull fills more of its volume.


def skull_mask(volume: Volume) -> Volume:
    """Return a binary volume as a mask of type bool.

    Any value may stand for bone if 0 stands for the rest: SkullFix stores 0 and 1, image editors 0 and 255.

    Raises:
        InputError: If the volume is a CT, contains several labels, is empty, or is nearly full.
    """
    voxels = volume.voxels
    if voxels.dtype != bool:
        low, high = voxels.min(), voxels.max()
        if low == high == 0:
            raise InputError("The skull mask is empty; choose the segment or file that contains the skull.")
        if low < 0 or not _only_zero_and(voxels, high):
            raise InputError(_what_it_is(voxels))
        voxels = voxels != 0
    filled = voxels.mean()
    if filled == 0:
        raise InputError("The skull mask is empty; choose the segment or file that contains the skull.")
    if filled > _MOST_FOREGROUND:
        raise InputError(
            f"The mask fills {filled:.0%} of the volume, which no skull does; check that bone is 1 and the rest is 0."
        )
    return Volume(voxels, volume.affine)


def _only_zero_and(voxels: np.ndarray, value: float) -> bool:
    # This checks plane by plane, so a CT is recognized by its first planes.
    return all(bool(((plane == 0) | (plane == value)).all()) for plane in np.moveaxis(voxels, -1, 0))


def _what_it_is(voxels: np.ndarray) -> str:
    values = np.unique(voxels[:: max(1, voxels.shape[0] // 64)])
    integral = voxels.dtype.kind in "iu" or bool((values == np.round(values)).all())
    if integral and values.min() >= 0 and len(values) <= _MOST_LABELS:
        labels = ", ".join(str(int(v)) for v in values[values != 0][:10])
        return f"The volume contains several labels ({labels}); choose the skull's with --segment."
    return "The volume is an image, not a mask; if it is a CT in Hounsfield units, add --ct."
