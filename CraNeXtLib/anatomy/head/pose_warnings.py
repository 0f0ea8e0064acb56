"""What the template's fit reveals about a skull or its scan."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.anatomy.head.pose import HeadPose
from CraNeXtLib.anatomy.head.scanned_box import scanned_box
from CraNeXtLib.geometry.affine import OPPOSITE, SIDE_NAMES, apply_affine
from CraNeXtLib.geometry.volume import Volume

_POOR_FAR_FRACTION = 0.4  # SkullFix skulls have up to 0.26.
_CHILD_SIZE = 0.87  # mean scale of the template; SkullFix skulls have 0.94 to 1.04, a child of one year 0.8
_OUTSIDE_MM, _OUTSIDE_FRACTION = 8.0, 0.02  # This much of the template's vault may lie outside the scan.
_BEYOND_MM = 3.0  # If the vault reaches this far beyond a plane in which all bone ends, the plane may be a hole's rim.


def pose_warnings(pose: HeadPose, skull: Volume) -> list[str]:
    """Return what the template's fit reveals about a skull or its scan, as sentences for the user.

    Args:
        pose: Pose of the template on the skull.
        skull: Mask of the skull. Where its volume ends, or a plane cuts off its bone, the scan ends.
    """
    warnings = []
    if pose.fit.far_fraction > _POOR_FAR_FRACTION:
        warnings.append(f"{pose.fit.far_fraction:.0%} of the bone lies where no skull has bone; check the mask.")
    return warnings + _size_warnings(pose) + _scan_warnings(pose, skull)


def _size_warnings(pose: HeadPose) -> list[str]:
    size = float(np.cbrt(abs(np.linalg.det(pose.template_to_skull[:3, :3]))))
    if size < _CHILD_SIZE:
        warning = (
            f"The head is {size:.2f} times the size of an adult's: if it is a child's, the models, which know adults "
            "only, may get its shape and thickness wrong; if not, check the voxel spacing."
        )
        return [warning]
    if not pose.fit.is_adult:
        low, high = pose.fit.stretch
        return [f"The head is {low:.2f} to {high:.2f} times the size of an adult's; check the voxel spacing."]
    return []


def _scan_warnings(pose: HeadPose, skull: Volume) -> list[str]:
    """Return what to know about the part of the vault that lies beyond the scan or beyond the last plane of bone."""
    template, scan = pose.template, scanned_box(skull)
    indices = np.argwhere(template.voxels[::3, ::3, ::3]) * 3
    vault = template.to_ras(indices[indices[:, 2] > template.shape[2] / 2])
    in_skull = skull.to_indices(apply_affine(pose.template_to_skull, vault))
    first, last = np.array([(side.start, side.stop - 1) for side in scan]).T
    below_mm, above_mm = (first - in_skull) * skull.spacing, (in_skull - last) * skull.spacing
    outside = (np.maximum(below_mm, above_mm) > _OUTSIDE_MM).any(axis=1).mean()
    if outside > _OUTSIDE_FRACTION:
        warning = (
            f"{outside:.0%} of the vault lies outside the scan, where no implant can be made; use a scan that "
            "shows the whole vault."
        )
        return [warning]
    sides = []
    for axis, code in enumerate(skull.axis_codes):
        if first[axis] > 0 and below_mm[:, axis].max() > _BEYOND_MM:
            sides.append(SIDE_NAMES[OPPOSITE[code]])
        if last[axis] < skull.shape[axis] - 1 and above_mm[:, axis].max() > _BEYOND_MM:
            sides.append(SIDE_NAMES[code])
    return [
        f"All bone ends in one plane at the {side}, which is taken for the end of the scan, so no implant is made "
        "there; if it is the rim of a hole, rotate the skull by some degrees, harden the transform and try again."
        for side in sides
    ]
