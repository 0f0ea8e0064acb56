"""What a scan shows of a skull, as radial maps, and where it shows nothing."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.anatomy.head.alignment import Alignment
from CraNeXtLib.anatomy.head.radial_maps import cast_radial_maps
from CraNeXtLib.geometry.volume import Volume

SAMPLING_MM = 1.0
"""Spacing at which skulls are observed."""

MIN_BONE_MM = 1.0
"""Bone thinner than this counts as absent."""

# Bone this far from the mean skull's is not the brain case but a tube, a strap or a speck.
_PLAUSIBLE_MM = 20.0
# Where a ray meets no bone, the scan must extend this far beyond the expected surface; otherwise the bone may lie
# outside the field of view.
_VIEW_MARGIN_MM = 2.0
# A whole skull ends in points and caps. If its last plane holds at least this area of bone, and at least this fraction
# of the area _CUT_DEPTH_MM further in, the scan ended there and air was added later. SkullFix scans end with 17 to
# 29 cm² and a fraction of 0.5 to 1.1; on the other sides their skulls end with less than 6 cm² and 0.25.
_CUT_MM2, _CUT_FRACTION, _CUT_DEPTH_MM = 1000.0, 0.5, 5.0


def scanned_part(skull: Volume) -> Volume:
    """Return the part of a mask that was scanned: without the air beyond a plane that cuts the bone off."""
    box = []
    for axis, length in enumerate(skull.shape):
        areas = np.count_nonzero(skull.voxels, axis=tuple({0, 1, 2} - {axis}))
        areas = areas * skull.voxel_volume_mm3 / skull.spacing[axis]
        depth = max(1, round(_CUT_DEPTH_MM / skull.spacing[axis]))
        first, last = np.flatnonzero(areas)[[0, -1]]
        is_cut = [
            areas[end] >= max(_CUT_MM2, _CUT_FRACTION * areas[np.clip(inside, 0, length - 1)])
            for end, inside in ((first, first + depth), (last, last - depth))
        ]
        box.append(slice(int(first) if is_cut[0] else 0, int(last) + 1 if is_cut[1] else length))
    return skull.crop((box[0], box[1], box[2]))


def observe(
    skull: Volume, occupancy: Volume, alignment: Alignment, directions: np.ndarray, expected: np.ndarray
) -> np.ndarray:
    """Return the radial maps of a skull: outer radius and thickness of its bone along rays.

    Args:
        skull: The skull as it was scanned; only its field of view counts.
        occupancy: The skull's occupancy, cropped to its bone.
        alignment: From the model's space to the skull.
        directions: Unit vectors of the rays, shape (P, 3).
        expected: Radius of the mean skull's outer surface along the rays in mm, shape (P,).

    Returns:
        Shape (2, P), in mm of the model's space. The thickness is 0 where bone is missing. Both are NaN where nothing
        can be known, because the ray leaves the field of view or its bone lies in an implausible place.
    """
    outer, thickness = cast_radial_maps(occupancy, np.zeros(3), directions, alignment.matrix)
    missing = np.isnan(outer)
    radial_maps = np.stack([np.where(missing, expected, outer), np.where(missing, 0, thickness)])
    ends = radial_maps[0] + np.where(missing, _VIEW_MARGIN_MM, 0)
    ends = skull.to_indices(alignment.apply(directions * ends[:, None]))
    unknown = ((ends < 0) | (ends > np.array(skull.shape) - 1)).any(axis=1)
    unknown |= np.abs(radial_maps[0] - expected) > _PLAUSIBLE_MM
    radial_maps[:, unknown] = np.nan
    return radial_maps
