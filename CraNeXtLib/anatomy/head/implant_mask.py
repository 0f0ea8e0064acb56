"""What is accepted as the mask of an implant or a defect beside the skull that it belongs to."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mask import gap_mm, holds
from CraNeXtLib.geometry.volume import Volume

_MOST_ML = 1000.0  # A whole skull has less bone.
_MOST_GAP_MM = 30.0  # An implant touches bone; one at the vertex may lie a little above a scan that is cropped there.
_MOST_SHARE = 0.5  # Of the bone's volume, and of itself within bone: no implant exceeds both, every skull does.
_SAMPLED = 20_000  # voxels


def check_implant(implant: Volume, skull: Volume, *, name: str, skull_name: str) -> None:
    """Refuse what cannot be an implant of a skull: an inverted or filled mask, a skull, or one of another place.

    Args:
        implant: Mask of type bool, in RAS; its grid may be another. It may be empty.
        skull: Mask of the skull, of type bool.
        name: The implant's name in messages.
        skull_name: The skull's.

    Raises:
        InputError: If it is larger than a skull's bone, holds most of the skull, or lies far beside it.
    """
    volume_ml = implant.voxels.sum() * implant.voxel_volume_mm3 / 1000
    bone_ml = skull.voxels.sum() * skull.voxel_volume_mm3 / 1000
    if volume_ml > _MOST_SHARE * bone_ml > 0 and _share_within(skull, implant) > _MOST_SHARE:
        raise InputError(
            f"{name} is a skull, not an implant: it holds the bone of {skull_name}, too. Give the implant alone, that "
            "is the complete skull without the defective one."
        )
    if volume_ml > _MOST_ML:
        raise InputError(
            f"{name} is {volume_ml:.0f} mL large, more than any implant; check that the implant is 1 and everything "
            "else is 0."
        )
    gap = gap_mm(implant, skull)
    if gap > _MOST_GAP_MM:
        raise InputError(
            f"{name} lies {gap:.0f} mm beside the bone of {skull_name}; check that both are of the same head and have "
            "the same orientation and origin."
        )


def _share_within(bone: Volume, implant: Volume) -> float:
    """Return the share of an implant's voxels, or of a sample of them, whose centers lie in bone."""
    inside = np.flatnonzero(implant.voxels)
    inside = inside[:: max(len(inside) // _SAMPLED, 1)]
    places = np.stack(np.unravel_index(inside, implant.shape), axis=1)
    return float(holds(bone, implant.to_ras(places)).mean())
