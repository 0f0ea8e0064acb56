"""What tests of finishing measure, by code that shares nothing with it: by moving and by counting voxels."""

import numpy as np
from phantoms import Head
from scipy import ndimage

from CraNeXtLib.geometry.volume import Volume


def clearance_mm(implant: Volume, skull: Volume) -> float:
    """Least distance between middles of implant and bone voxels."""
    away = ndimage.distance_transform_edt(skull.voxels == 0, sampling=skull.spacing)
    return float(away[implant.voxels].min())


def colliding(implant: Volume, skull: Volume, direction: tuple[float, float, float], *, deeper_than_mm: float) -> int:
    """Number of voxels that meet bone, deeper than given, when the implant is moved 100 mm along a direction."""
    deep = ndimage.distance_transform_edt(skull.voxels, sampling=skull.spacing)
    places = np.argwhere(implant.voxels)
    step = np.linalg.solve(skull.affine[:3, :3], direction) * 0.5
    hit = np.zeros(len(places), bool)
    for number in range(200):
        moved = np.rint(places + number * step).astype(int)
        inside = ((moved >= 0) & (moved < skull.shape)).all(axis=1)
        hit[inside] |= deep[tuple(moved[inside].T)] > deeper_than_mm
    return int(hit.sum())


def inside_of(phantom: Head) -> np.ndarray:
    labels, _ = ndimage.label(~phantom.complete.voxels)
    return (labels != labels[0, 0, 0]) & (labels > 0)
