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
