"""Connected components of masks: pieces, specks, cavities."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.volume import Volume


def pieces_of(implant: Volume) -> list[Volume]:
    """Return the connected pieces of an implant, the largest first, each cropped to itself."""
    box = foreground_box(implant.voxels)
    part = implant.crop(box)
    labels, _ = ndimage.label(part.voxels, structure=np.ones((3, 3, 3)))
    boxes = ndimage.find_objects(labels)
    order = np.argsort(-np.bincount(labels.ravel())[1:], kind="stable")
    return [part.with_voxels(labels == n + 1).crop(boxes[n]) for n in order]


_SPECK_MM3 = 100.0


def without_specks(mask: np.ndarray, voxel_mm3: float) -> np.ndarray:
    """Drop components under 100 mm³, which would make the box as large as the head."""
    labels, count = ndimage.label(mask)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    keep = sizes * voxel_mm3 >= _SPECK_MM3
    keep[0] = False
    return keep[labels]


def components_with(mask: np.ndarray, marks: np.ndarray, *, least: float = 1) -> np.ndarray:
    """Return the 26-connected components that hold a marked voxel and at least ``least`` voxels."""
    labels, count = ndimage.label(mask, structure=np.ones((3, 3, 3)))
    labels_of_mask = labels[mask]
    keep = np.bincount(labels_of_mask, minlength=count + 1) >= least
    keep &= np.bincount(labels[marks], minlength=count + 1) > 0
    result = np.zeros(mask.shape, dtype=bool)
    result[mask] = keep[labels_of_mask]
    return result


def without_cavities(mask: np.ndarray) -> np.ndarray:
    """Return the mask with the cavities filled that no path of 6-neighbours joins to the outside."""
    labels, count = ndimage.label(np.pad(~mask, 1, constant_values=True))
    return mask if count == 1 else (labels != labels[0, 0, 0])[1:-1, 1:-1, 1:-1]
