"""What to know about a CT before its bone is trusted: values, slices, noise, metal."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.anatomy.head.landmarks import CENTER_DEPTH, SkullFrame, skull_frame
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume

TISSUE_HU = 40.0
THICK_SLICES_MM = 1.25
"""Thicker slices put the vault off by up to about 1 mm (Turek and Budzik, on 2.4 and 4.8 mm), and thin bone is lost."""
NOISY_HU = 60.0
MOST_BONE_ML = 1000.0  # more of one density, in a head, is soft tissue
METAL_HU, METAL_ML = 3000, 0.1
STREAKS = 0.03  # of the brain's volume; 0.003 on the development CT
_BRAIN_HU = (-150, 200)
_BRAIN = 0.7  # of the head's half axes
_SAMPLING_MM = 2.0


def check_hounsfield(ct: Volume) -> list[str]:
    """Return doubts about whether values are Hounsfield units.

    Raises:
        InputError: If they are not.
    """
    voxels = ct.voxels
    low, high = float(voxels.min()), float(voxels.max())
    if low < 0:
        return []
    if high <= 1:
        raise InputError("The volume is a mask, or scaled to 0 to 1, not a CT; leave out --ct for a mask.")
    if high <= 255:
        raise InputError(
            f"The values run from {low:g} to {high:g}: grey levels, not Hounsfield units; give the CT itself."
        )
    steps = [max(1, n // 128) for n in ct.shape]
    sample = voxels[tuple(slice(None, None, step) for step in steps)]
    near_1000 = np.count_nonzero((sample > 950) & (sample < 1200)) * np.prod(steps) * ct.voxel_volume_mm3 / 1000
    if near_1000 > MOST_BONE_ML:
        raise InputError(
            "The values are not Hounsfield units: soft tissue lies near 1000 instead of 40. Subtract 1024, or give the "
            "DICOM series."
        )
    return [
        "No value is below 0, so these may not be Hounsfield units, in which air is -1000; check the bone's border."
    ]


def noise_hu(ct: Volume) -> float:
    """Return the standard deviation of the noise in soft tissue, in HU, from differences of neighbours; 0 if none."""
    planes = np.moveaxis(ct.voxels, np.argmax(ct.voxels.strides), 0)
    values = planes[:: max(1, len(planes) // 64)].astype(np.float32)
    first, second = values[:, :-2], values[:, 2:]  # next but one: neighbours share noise
    tissue = (np.abs(first - TISSUE_HU) < 300) & (np.abs(second - TISSUE_HU) < 300)
    return float(1.4826 / np.sqrt(2) * np.median(np.abs(first - second)[tissue])) if tissue.any() else 0.0


def scan_warnings(ct: Volume, bone: Volume, *, thickness_mm: float = 0.0) -> list[str]:
    """Return what makes the bone of a CT less sure, as sentences.

    Args:
        ct: The CT in Hounsfield units.
        bone: Mask of its bone.
        thickness_mm: Of the slices, if known; by default the distance between them.

    Raises:
        InputError: If there is next to no bone.
    """
    doubts = []
    thickness = max(thickness_mm, float(ct.spacing.max()))
    if thickness > THICK_SLICES_MM + 1e-3:
        doubts.append(
            f"The slices are {thickness:.3g} mm thick; above {THICK_SLICES_MM:g} mm thin bone is lost and the implant "
            "is less exact. Take the scan's thinnest reconstruction."
        )
    noise = noise_hu(ct)
    if noise > NOISY_HU:
        doubts.append(f"The scan is noisy ({noise:.0f} HU); take a softer kernel, or a higher bone threshold.")
    frame = skull_frame(bone)
    return doubts + _metal(ct, frame) + _strange_brain(ct, frame)


def _metal(ct: Volume, frame: SkullFrame) -> list[str]:
    metal = ct.voxels >= METAL_HU
    volume = np.count_nonzero(metal) * ct.voxel_volume_mm3 / 1000
    if volume < METAL_ML:
        return []
    high = ct.to_ras(np.argwhere(metal))[:, 2] > frame.base
    where = " and ".join([name for name, there in (("the brain case", high), ("the face", ~high)) if there.any()])
    doubt = f"There is metal in {where} ({volume:.1f} mL above {METAL_HU} HU); bone near it may be streaks, or hidden."
    return [doubt]


def _strange_brain(ct: Volume, frame: SkullFrame) -> list[str]:
    """Look for streaks and the like in the upper half of the brain case, where only brain should be."""
    steps = np.maximum(1, np.floor(_SAMPLING_MM / ct.spacing)).astype(int)
    sample = ct.voxels[tuple(slice(None, None, step) for step in steps)]
    points = ct.to_ras(np.indices(sample.shape).reshape(3, -1).T * steps) - frame.center
    radii = _BRAIN * np.array([frame.width / 2, frame.length / 2, CENTER_DEPTH * frame.length])
    values = sample.reshape(-1)[(((points / radii) ** 2).sum(axis=1) < 1) & (points[:, 2] > 0)]
    strange = np.mean((values < _BRAIN_HU[0]) | (values > _BRAIN_HU[1])) if values.size else 0.0
    if strange <= STREAKS:
        return []
    return [f"{strange:.0%} of the brain does not look like brain: streaks, air or noise; look at the bone."]
