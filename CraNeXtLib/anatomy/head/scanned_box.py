"""How much of a volume was scanned: a plane that cuts bone off ends the scan, whatever air was added beyond it."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.geometry.box import Box
from CraNeXtLib.geometry.volume import Volume

# A whole skull ends in points and caps. If its last plane holds at least this area of bone, and at least this fraction
# of the area _CUT_DEPTH_MM further in, the scan ended there and air was added later. SkullFix scans end with 17 to
# 29 cm² and a fraction of 0.5 to 1.1; on the other sides their skulls end with less than 6 cm² and 0.25.
_CUT_MM2, _CUT_FRACTION, _CUT_DEPTH_MM = 1000.0, 0.5, 5.0


def scanned_box(skull: Volume) -> Box:
    """Return the box of a mask's voxels that were scanned: all, but for the air beyond a plane that cuts the bone off.

    Args:
        skull: Mask of type bool, not empty.
    """
    sides = []
    along_first, along_last = (np.add.reduce(skull.voxels, axis=axis, dtype=np.uint32) for axis in (0, 2))
    counts = along_last.sum(axis=1), along_first.sum(axis=1), along_first.sum(axis=0)
    for axis, length in enumerate(skull.shape):
        areas = counts[axis] * skull.voxel_volume_mm3 / skull.spacing[axis]
        depth = max(1, round(_CUT_DEPTH_MM / skull.spacing[axis]))
        first, last = np.flatnonzero(areas)[[0, -1]]
        is_cut = [
            areas[end] >= max(_CUT_MM2, _CUT_FRACTION * areas[np.clip(inside, 0, length - 1)])
            for end, inside in ((first, first + depth), (last, last - depth))
        ]
        sides.append(slice(int(first) if is_cut[0] else 0, int(last) + 1 if is_cut[1] else length))
    return sides[0], sides[1], sides[2]
