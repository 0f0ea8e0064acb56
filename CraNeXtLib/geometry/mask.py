"""Masks: their voxels as booleans, their border, and a check that several share a geometry."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import corner_indices, foreground_box
from CraNeXtLib.geometry.volume import Volume

RIGHT_ANGLE_TOLERANCE = 1e-3
"""Cosine of the angle between two axes that still counts as a right one."""
_MOST_LABELS = 64  # A volume with more values is an image, not a label map.


def surface_indices(volume: Volume) -> np.ndarray:
    """Return the indices of a mask's surface voxels, shape (N, 3)."""
    voxels = mask(volume)
    if not voxels.any():
        return np.empty((0, 3), dtype=int)
    box = foreground_box(voxels)
    return np.argwhere(border(voxels[box])) + [side.start for side in box]


def border(voxels: np.ndarray) -> np.ndarray:
    """Return the voxels of a mask with a face neighbor outside it or on the edge of the array."""
    return voxels & ~ndimage.binary_erosion(voxels)


def mask(volume: Volume) -> np.ndarray:
    """Return which of a volume's voxels are not zero; without a copy if they are booleans already."""
    return volume.voxels if volume.voxels.dtype == bool else volume.voxels != 0


def of_booleans(volume: Volume) -> Volume:
    """Return a mask of type bool: the volume itself if it is one already, so that what is known of it stays known."""
    return volume if volume.voxels.dtype == bool else volume.with_voxels(mask(volume))


def holds(volume: Volume, points: np.ndarray) -> np.ndarray:
    """Return which points lie in a voxel of a mask, bool of shape (N,).

    Args:
        volume: The mask.
        points: RAS mm, shape (N, 3).

    >>> holds(Volume(np.ones((2, 1, 1), bool), np.eye(4)), np.array([[1.4, 0, 0], [1.6, 0, 0]])).tolist()
    [True, False]
    """
    indices = np.rint(volume.to_indices(points)).astype(int)
    within = ((indices >= 0) & (indices < volume.shape)).all(axis=1)
    inside = np.zeros(len(indices), dtype=bool)
    inside[within] = volume.voxels[tuple(indices[within].T)] != 0
    return inside


def gap_mm(volume: Volume, other: Volume) -> float:
    """Return how far the box of a mask lies beside the box of another, in mm along the other's axes.

    Args:
        volume: A mask.
        other: A mask in the same RAS space, perhaps on another grid.

    Returns:
        0 if the boxes touch or overlap, or if a mask is empty.
    """
    if not (mask(volume).any() and mask(other).any()):
        return 0.0
    here, there = (
        other.to_indices(each.to_ras(corner_indices(foreground_box(mask(each))))) for each in (volume, other)
    )
    apart = np.maximum(here.min(axis=0) - there.max(axis=0), there.min(axis=0) - here.max(axis=0))
    return float(max(0.0, ((apart - 1) * other.spacing).max()))


def binary(volume: Volume, *, name: str = "The volume", option: str = "--segment") -> Volume:
    """Return a volume of two values as a mask of type bool; the one rule for every mask that the library is given.

    Any positive value may stand for the inside if 0 stands for the rest: SkullFix stores 0 and 1, image editors 0 and
    255. The mask may be empty.

    Args:
        volume: The volume.
        name: Its name in messages.
        option: The option that chooses one of several labels, for messages.

    Raises:
        InputError: If the volume contains several labels, probabilities, or an image such as a CT.
    """
    voxels = volume.voxels
    if voxels.dtype == bool:
        return volume
    low, high = voxels.min(), voxels.max()
    if low < 0 or not _only_zero_and(voxels, high):
        raise InputError(f"{name} {_what_it_is(voxels, option)}")
    return volume.with_voxels(voxels != 0)


def _only_zero_and(voxels: np.ndarray, value: float) -> bool:
    # This checks plane by plane, so a CT is recognized by its first planes.
    return all(bool(((plane == 0) | (plane == value)).all()) for plane in np.moveaxis(voxels, -1, 0))


def _what_it_is(voxels: np.ndarray, option: str) -> str:
    values = np.unique(voxels[:: max(1, voxels.shape[0] // 64)])
    integral = voxels.dtype.kind in "iu" or bool((values == np.round(values)).all())
    if integral and values.min() >= 0 and len(values) <= _MOST_LABELS:
        present = np.unique(voxels)
        labels = ", ".join(str(int(v)) for v in present[present != 0][:10])
        return f"contains several labels ({labels}); choose one with {option}, or several, such as 1,2."
    if voxels.min() >= 0 and voxels.max() <= 1:
        return (
            "holds values between 0 and 1, such as probabilities; threshold it, for example at 0.5, and save the mask."
        )
    return "is an image, not a mask; if it is a CT in Hounsfield units, add --ct."


def check_same_geometry(*volumes: Volume) -> None:
    """Check that volumes can be compared voxel by voxel.

    Raises:
        InputError: If their geometries differ, or their axes are not at right angles.
    """
    first = volumes[0]
    if not all(first.has_geometry_of(other) for other in volumes[1:]):
        raise InputError(
            "The volumes differ in size, spacing, directions or origin; resample them onto one grid before measuring."
        )
    directions = first.affine[:3, :3] / first.spacing
    if np.abs(directions.T @ directions - np.eye(3)).max() > RIGHT_ANGLE_TOLERANCE:
        raise InputError("The axes of the volumes are not at right angles; resample them before measuring.")
