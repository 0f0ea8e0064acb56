"""Bone from a CT, by threshold, with every hole left open."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CraNeXtLib.errors import InputError
from CraNeXtLib.volumes import Volume

BONE_THRESHOLD_HU = 250.0
"""Within the usual range of 150 to 300 HU for bone on a head CT; not validated clinically."""


def segment_bone(ct: Volume, *, threshold_hu: float = BONE_THRESHOLD_HU) -> Volume:
    """Return the largest connected part above a threshold. Nothing is closed or filled, so a defect stays a defect.

    Args:
        ct: CT in Hounsfield units, of shape (I, J, K).
        threshold_hu: Lowest value that counts as bone.

    Raises:
        InputError: If the volume is a mask, or no voxel reaches the threshold.
    """
    if ct.voxels.min() >= 0 and ct.voxels.max() <= 1:
        raise InputError("The volume is a mask, not a CT; leave out --ct.")
    bone = ct.voxels >= threshold_hu
    labels, count = ndimage.label(bone, structure=np.ones((3, 3, 3)))
    if not count:
        raise InputError(f"No voxel reaches {threshold_hu:g} HU; check that the CT is in Hounsfield units.")
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return ct.with_voxels(labels == sizes.argmax())
