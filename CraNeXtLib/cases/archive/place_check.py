"""Whether a CT is the one that a case was made from: bone lies where the case has its skull, none where the part is."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CraNeXtLib.cases.archive.exported_case import ExportedCase
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import box_from, foreground_box
from CraNeXtLib.geometry.lattice import on_box
from CraNeXtLib.geometry.volume import Volume

_BONE_HU = 100.0
_LEAST_BONE = 0.85
# Of the clinical development CT's own skull, all is above 100 HU; 0.87 if it is shifted by 2 mm, 0.81 if mirrored.
_NEAR_MM = 3.0
_LEAST_NEAR, _MOST_WITHIN = 0.02, 0.5
"""Fractions that are bone: of what lies near a finished part, which touches the rim of the defect, and of itself."""
_ADVICE = "choose the CT that the case was made from, with --series if the folder holds several."


def check_place(case: ExportedCase, ct: Volume, series: str) -> None:
    """Refuse a CT that does not show bone where the case has it: that of another scan or patient.

    Args:
        case: The case.
        ct: The CT in Hounsfield units.
        series: Its name in messages.

    Raises:
        InputError: If less than 85% of the skull is bone. Without a skull, if almost none is around the finished part,
            or much of the part itself is.
    """
    if case.skull is not None:
        bone = _bone(case.skull, ct)
        if bone < _LEAST_BONE:
            raise InputError(f"Only {bone:.0%} of the skull of {case.folder} is bone in series {series}; {_ADVICE}")
        return
    part = case.masks[case.title]
    near, within = _bone(_around(part), ct), _bone(part, ct)
    if near < _LEAST_NEAR or within > _MOST_WITHIN:
        raise InputError(f"The part of {case.folder} lies in no gap of the bone in series {series}; {_ADVICE}")


def _bone(mask: Volume, ct: Volume) -> float:
    """Return the fraction of a mask's voxels that are bone in a CT, which may lie on another grid."""
    indices = np.rint(ct.to_indices(mask.to_ras(np.argwhere(mask.voxels)))).astype(int)
    inside = indices[((indices >= 0) & (indices < ct.shape)).all(axis=1)]
    return np.count_nonzero(ct.voxels[tuple(inside.T)] >= _BONE_HU) / max(1, len(indices))


def _around(part: Volume) -> Volume:
    """Return the voxels within 3 mm of a part, without itself."""
    box, reach = foreground_box(part.voxels), np.ceil(_NEAR_MM / part.spacing).astype(int)
    grown = on_box(part, box_from([s.start for s in box] - reach, [s.stop for s in box] + reach))
    distances = ndimage.distance_transform_edt(~grown.voxels, sampling=part.spacing)
    return grown.with_voxels((distances <= _NEAR_MM) & ~grown.voxels)
