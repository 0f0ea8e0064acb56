"""Connected components of masks: pieces, specks, cavities."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.volume import Volume

_SPECK_MM3 = 100.0


def labeled(mask: np.ndarray, *, corners: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Number the connected components of a mask.

    Args:
        mask: Boolean array of any shape.
        corners: Whether components also connect across edges and corners: 26 neighbors instead of 6.

    Returns:
        The labels, from 1 in each component and 0 outside, and the number of voxels of each label; the first, of what
        is outside, is 0.

    >>> labels, sizes = labeled(np.array([[1, 0, 1], [0, 1, 1]], dtype=bool))
    >>> labels.tolist(), sizes.tolist()
    ([[1, 0, 2], [0, 2, 2]], [0, 1, 3])
    """
    labels, count = ndimage.label(mask, structure=np.ones((3,) * mask.ndim) if corners else None)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    return labels, sizes


def largest_first(sizes: np.ndarray) -> list[int]:
    """Return the labels of the components that :func:`labeled` found, the largest first.

    >>> largest_first(np.array([0, 1, 3]))
    [2, 1]
    """
    return [int(label) for label in 1 + np.argsort(-sizes[1:], kind="stable")]


def largest_component(mask: np.ndarray, *, corners: bool = False) -> np.ndarray:
    """Return the component with the most voxels, the first of several; all false if the mask is."""
    labels, sizes = labeled(mask, corners=corners)
    return (labels == sizes.argmax()) & mask


def components_with(mask: np.ndarray, marks: np.ndarray, *, least: float = 1, corners: bool = True) -> np.ndarray:
    """Return the components of a mask that hold a marked voxel and at least ``least`` voxels.

    >>> mask = np.array([1, 1, 0, 1, 0, 1, 1, 1], dtype=bool)
    >>> components_with(mask, np.array([0, 0, 0, 1, 0, 1, 0, 0], dtype=bool), least=2).astype(int).tolist()
    [0, 0, 0, 0, 0, 1, 1, 1]
    """
    labels, sizes = labeled(mask, corners=corners)
    keep = sizes >= least
    keep &= np.bincount(labels[marks], minlength=len(sizes)) > 0
    keep[0] = False
    return keep[labels]


def without_specks(mask: np.ndarray, voxel_mm3: float, *, least_mm3: float = _SPECK_MM3) -> np.ndarray:
    """Return the mask without components under 100 mm³, one of which would make the box as large as the head.

    scikit-image's ``remove_small_objects`` counts voxels, and has renamed its argument.

    Args:
        mask: Boolean array of shape (I, J, K).
        voxel_mm3: Volume of a voxel.
        least_mm3: Volume of the smallest component that stays.
    """
    labels, sizes = labeled(mask)
    keep = sizes * voxel_mm3 >= least_mm3
    keep[0] = False
    return keep[labels]


def cavities_of(mask: np.ndarray) -> np.ndarray:
    """Return the voxels outside a mask that no path of 6-neighbors joins to the border of the array.

    The result is that of SciPy's ``binary_fill_holes``, in a third of the time.
    """
    labels, count = ndimage.label(np.pad(~mask, 1, constant_values=True))
    if count == 1:
        return np.zeros(mask.shape, dtype=bool)
    return ((labels > 0) & (labels != labels[0, 0, 0]))[1:-1, 1:-1, 1:-1]


def without_cavities(mask: np.ndarray) -> np.ndarray:
    """Return the mask with its cavities filled.

    >>> shell = np.ones((3, 3, 3), dtype=bool)
    >>> shell[1, 1, 1] = False
    >>> bool(without_cavities(shell).all())
    True
    """
    return mask | cavities_of(mask)


def pieces_of(mask: Volume) -> list[Volume]:
    """Return the connected pieces of a mask, the largest first, each cropped to itself."""
    part = mask.crop(foreground_box(mask.voxels))
    labels, sizes = labeled(part.voxels, corners=True)
    boxes = ndimage.find_objects(labels)
    return [part.with_voxels(labels == label).crop(boxes[label - 1]) for label in largest_first(sizes)]
