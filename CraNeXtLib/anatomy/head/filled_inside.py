"""Whether a mask is a skull or a solid head: how much of the space for the brain counts as bone."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.anatomy.head.pose import HeadPose, is_plausible
from CraNeXtLib.anatomy.head.proportions import CENTER_DEPTH
from CraNeXtLib.geometry.affine import apply_affine
from CraNeXtLib.geometry.box import box_around, corners_between
from CraNeXtLib.geometry.resampling import voxels_within
from CraNeXtLib.geometry.volume import Volume

_BRAIN = 0.7  # Within this fraction of the head's half axes, and above its center, there is only brain.
_MOST_FILLED = 0.05  # Of 18 SkullFix skulls, none has more than 0.006.
_SAMPLING_MM = 2.0


def solid_warnings(skull: Volume, pose: HeadPose) -> list[str]:
    """Return a sentence for the user if the inside of a skull's mask is filled.

    Args:
        skull: Mask of the skull, of type bool.
        pose: Pose of the template, which shows where the brain is; if it is implausible, nothing is said.
    """
    if not is_plausible(pose):
        return []
    frame = skull_frame(pose.template)
    radii = _BRAIN * np.array([frame.width / 2, frame.length / 2, CENTER_DEPTH * frame.length])
    corners = apply_affine(pose.template_to_skull, corners_between(frame.center - radii, frame.center + radii))
    part = skull.crop(box_around(skull.to_indices(corners), skull.shape))
    steps = voxels_within(_SAMPLING_MM, part.spacing)
    sample = part.voxels[tuple(slice(None, None, step) for step in steps)]
    points = pose.to_template(part.to_ras(np.indices(sample.shape).reshape(3, -1).T * steps)) - frame.center
    brain = (((points / radii) ** 2).sum(axis=1) < 1) & (points[:, 2] > 0)
    filled = float(sample.reshape(-1)[brain].mean()) if brain.any() else 0.0
    if filled <= _MOST_FILLED:
        return []
    return [f"{filled:.0%} of the space inside the skull counts as bone; use a mask of bone that is not filled."]
