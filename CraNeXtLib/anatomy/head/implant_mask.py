"""What is accepted as the mask of an implant or a defect beside the skull that it belongs to."""

from __future__ import annotations

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mask import gap_mm
from CraNeXtLib.geometry.volume import Volume

_MOST_ML = 1000.0  # A whole skull has less bone.
_MOST_GAP_MM = 30.0  # An implant touches bone; one at the vertex may lie a little above a scan that is cropped there.


def check_implant(implant: Volume, skull: Volume, *, name: str, skull_name: str) -> None:
    """Refuse what cannot be an implant of a skull: an inverted or filled mask, or one of another place.

    Args:
        implant: Mask of type bool, in RAS; its grid may be another. It may be empty.
        skull: Mask of the skull, of type bool.
        name: The implant's name in messages.
        skull_name: The skull's.

    Raises:
        InputError: If it is larger than a skull's bone, or lies far beside the skull.
    """
    volume_ml = implant.voxels.sum() * implant.voxel_volume_mm3 / 1000
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
