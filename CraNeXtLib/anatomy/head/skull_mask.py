"""What is accepted as a skull mask, and helpful errors for what is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mask import binary
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_mask

_MOST_FOREGROUND = 0.6  # No skull fills more of its volume.
_LEAST_EXTENT_MM = 40.0  # Heads given in centimeters are shorter; a scan of a part of a child's head is not.


def skull_mask(volume: Volume, *, name: str = "The skull mask") -> Volume:
    """Return a binary volume as a mask of type bool.

    Args:
        volume: The volume; see :func:`CraNeXtLib.geometry.mask.binary`.
        name: Its name in messages.

    Raises:
        InputError: If the volume is a CT, contains several labels, is empty, or is nearly full.
    """
    mask = binary(volume, name=name)
    filled = np.count_nonzero(mask.voxels) / mask.voxels.size
    if filled == 0:
        raise InputError(f"{name} is empty; choose the segment or file that contains the skull.")
    if filled > _MOST_FOREGROUND:
        raise InputError(
            f"{name} fills {filled:.0%} of the volume, which is too much for a skull; check that bone is 1 and "
            "everything else is 0."
        )
    return mask


def read_skull_mask(path: str | Path, *, orientation: str | None = None, segment: str | None = None) -> Volume:
    """Read the mask of a skull.

    Raises:
        InputError: As :func:`CraNeXtLib.geometry.volume_files.read_mask` and :func:`skull_mask`, or if the volume is
            too small for a head, as one in centimeters.
    """
    name = Path(path).name
    mask = skull_mask(read_mask(path, orientation=orientation, segment=segment), name=name)
    extent = float((mask.spacing * mask.shape).max())
    if extent < _LEAST_EXTENT_MM:
        raise InputError(
            f"{name} is {extent:.3g} mm long, which is less than any head; check its spacing and its unit, which must "
            "be millimeters."
        )
    return mask
