"""Whether an implant reaches the skull base or the face, which few defects do and models predict worst."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.anatomy.head.pose import HeadPose
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.volume import Volume

_NOTABLE_ML = 1.0


def base_warnings(implant: Volume, pose: HeadPose) -> list[str]:
    """Return a sentence for the user if an implant reaches the level of the skull base.

    Args:
        implant: Mask of the implant, of type bool, not empty.
        pose: Pose of the template, whose base is the level of the orbital roofs, on the skull.
    """
    part = implant.crop(foreground_box(implant.voxels))
    heights = pose.to_template(part.to_ras(np.argwhere(part.voxels)))[:, 2]
    ml = implant.voxel_volume_mm3 / 1000
    below = np.count_nonzero(heights < _base_level(pose.template)) * ml
    if below < _NOTABLE_ML:
        return []
    amount = f"{below:.1f} of {len(heights) * ml:.1f} mL"
    where = "at the level of the skull base or the face, where the prediction is least certain"
    return [f"{amount} of the implant lie {where}; inspect the implant there."]


@lru_cache(maxsize=1)
def _base_level(template: Volume) -> float:
    """Return the S coordinate of the skull base in a template, in mm."""
    return skull_frame(template).base
