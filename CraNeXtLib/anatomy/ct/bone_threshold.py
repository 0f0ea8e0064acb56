"""The CT value from which a voxel counts as bone."""

from CraNeXtLib.core.errors import InputError

BONE_THRESHOLD_HU = 250.0
"""Default threshold, within the usual range of 150 to 300 HU for bone on a head CT; not validated clinically."""
THRESHOLD_RANGE_HU = (100.0, 1000.0)
"""Lowest and highest threshold that is accepted."""


def check_bone_threshold(threshold_hu: float) -> None:
    """Refuse a threshold that separates no bone.

    Raises:
        InputError: If it is out of range.
    """
    low, high = THRESHOLD_RANGE_HU
    if not low <= threshold_hu <= high:
        raise InputError(
            f"A bone threshold of {threshold_hu:g} HU is out of range; choose {low:g} to {high:g} HU (typically 150 to "
            "300 HU)."
        )
