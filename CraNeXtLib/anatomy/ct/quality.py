"""Quality checks of a CT: whether its values are Hounsfield units, and its slices, noise and metal."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.anatomy.head.landmarks import SkullFrame, skull_frame
from CraNeXtLib.anatomy.head.proportions import CENTER_DEPTH
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume

TISSUE_HU = 40.0
"""Value of soft tissue."""
# Thicker slices displace the vault by up to about 1 mm (Turek and Budzik, with 2.4 and 4.8 mm), and thin bone is lost.
_THICK_SLICES_MM = 1.25
_NOISY_HU = 60.0
_MOST_BONE_ML = 1000.0  # In a head, more material of one density than this is soft tissue.
_NEAR_AIR_HU = (-900, -200)  # Skin, hair and cushions have such values beside air of -1000 HU, but no padding has.
_METAL_HU, _METAL_ML = 3000, 0.1
_STREAKS = 0.03  # Fraction of odd voxels in the brain that is worth a warning; the development CT has 0.003.
_BRAIN_HU = (-150, 200)
_BRAIN = 0.7  # Within this fraction of the head's half axes there is only brain.
_SAMPLING_MM = 2.0  # The brain is looked at in voxels at this spacing.


def check_hounsfield(ct: Volume) -> list[str]:
    """Return warnings if the values may not be Hounsfield units, as sentences for the user.

    Raises:
        InputError: If they certainly are not.
    """
    voxels = ct.voxels
    low, high = float(voxels.min()), float(voxels.max())
    if low >= 0 and high <= 1:
        raise InputError("The volume is a mask or scaled to 0 to 1, not a CT; leave out --ct for a mask.")
    if low >= 0 and high <= 255:
        raise InputError(
            f"The values range from {low:g} to {high:g}: gray levels, not Hounsfield units; choose the CT itself."
        )
    steps = [max(1, n // 128) for n in ct.shape]
    sample = voxels[tuple(slice(None, None, step) for step in steps)]
    near_1000, near_air = (np.count_nonzero((sample > a) & (sample < b)) for a, b in ((950, 1200), _NEAR_AIR_HU))
    # Even where air is 0, padding outside the field of view may be negative.
    without_air = low >= 0 or near_air < 0.01 * near_1000
    if without_air and near_1000 * np.prod(steps) * ct.voxel_volume_mm3 / 1000 > _MOST_BONE_ML:
        raise InputError(
            "The values are not Hounsfield units: soft tissue is near 1000 instead of 40. Subtract 1024 or choose the "
            "DICOM series."
        )
    if low < 0:
        return []
    return [
        "No value is below 0, so these may not be Hounsfield units, in which air is -1000; check the edges of the bone."
    ]


def noise_hu(ct: Volume) -> float:
    """Return the standard deviation of the noise in soft tissue, in HU, or 0 if there is no soft tissue."""
    planes = np.moveaxis(ct.voxels, np.argmax(ct.voxels.strides), 0)
    values = planes[:: max(1, len(planes) // 64)].astype(np.float32)
    first, second = values[:, :-2], values[:, 2:]  # Direct neighbors share noise, so the next but one is used.
    tissue = (np.abs(first - TISSUE_HU) < 300) & (np.abs(second - TISSUE_HU) < 300)
    return float(1.4826 / np.sqrt(2) * np.median(np.abs(first - second)[tissue])) if tissue.any() else 0.0


def scan_warnings(ct: Volume, bone: Volume, *, thickness_mm: float = 0.0) -> list[str]:
    """Return what makes the bone of a CT less reliable, as sentences for the user.

    Args:
        ct: The CT in Hounsfield units.
        bone: Mask of its bone.
        thickness_mm: Thickness of the slices, if known; by default the distance between them.

    Raises:
        InputError: If there is almost no bone.
    """
    warnings = []
    thickness = max(thickness_mm, float(ct.spacing.max()))
    if thickness > _THICK_SLICES_MM + 1e-3:
        warnings.append(
            f"The slices are {thickness:.3g} mm thick; above {_THICK_SLICES_MM:g} mm thin bone is lost and the implant "
            "is less accurate. Use the thinnest reconstruction of the scan."
        )
    noise = noise_hu(ct)
    if noise > _NOISY_HU:
        warnings.append(f"The scan is noisy ({noise:.0f} HU); use a softer kernel or a higher bone threshold.")
    frame = skull_frame(bone)
    return warnings + _metal(ct, bone, frame) + _streaks(ct, frame)


def _metal(ct: Volume, bone: Volume, frame: SkullFrame) -> list[str]:
    """Return a warning if there is metal in the head, which says how much of it counts as bone."""
    metal = ct.voxels >= _METAL_HU
    volume = np.count_nonzero(metal) * ct.voxel_volume_mm3 / 1000
    if volume < _METAL_ML:
        return []
    high = ct.to_ras(np.argwhere(metal))[:, 2] > frame.base
    where = " and ".join([name for name, there in (("the brain case", high), ("the face", ~high)) if there.any()])
    counted = np.count_nonzero(metal & (bone.voxels != 0)) * ct.voxel_volume_mm3 / 1000
    amount = f"{volume:.1f} mL above {_METAL_HU} HU, of which {counted:.1f} mL count as bone"
    return [f"There is metal in {where} ({amount}); bone near it may be hidden, or be streaks. Check it there."]


def _streaks(ct: Volume, frame: SkullFrame) -> list[str]:
    """Return a warning if there is something other than brain in the upper half of the brain case."""
    steps = np.maximum(1, np.floor(_SAMPLING_MM / ct.spacing)).astype(int)
    sample = ct.voxels[tuple(slice(None, None, step) for step in steps)]
    points = ct.to_ras(np.indices(sample.shape).reshape(3, -1).T * steps) - frame.center
    radii = _BRAIN * np.array([frame.width / 2, frame.length / 2, CENTER_DEPTH * frame.length])
    values = sample.reshape(-1)[(((points / radii) ** 2).sum(axis=1) < 1) & (points[:, 2] > 0)]
    odd = np.mean((values < _BRAIN_HU[0]) | (values > _BRAIN_HU[1])) if values.size else 0.0
    if odd <= _STREAKS:
        return []
    return [f"{odd:.0%} of the brain does not look like brain: streaks, air or noise; check the bone."]
