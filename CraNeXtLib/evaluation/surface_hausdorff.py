"""The surface Hausdorff distance, SdH: how far the visible surfaces of two implants lie apart.

Algorithm 1 and Equation 11 of the paper. Parallel rays come from the left, right, front, back and above (not from
below) and stop at the first voxel of skull or implant; the implant voxels that stop a ray are its projected surface.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from CraNeXtLib.evaluation.metrics import EmptyPolicy, SurfaceDistances, Units, point_distances, scaled_spacing
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.mask import check_same_geometry, mask
from CraNeXtLib.geometry.volume import Volume

RayAxes = Literal["anatomical", "official"]


def project_surface(implant: Volume, skull: Volume, *, axes: RayAxes = "anatomical") -> Volume:
    """Return the implant voxels that rays from outside the head hit first, as a mask of the same geometry.

    Args:
        implant: Mask of the implant. A voxel of both masks is implant.
        skull: Mask of the defective skull, which stops rays.
        axes: ``"anatomical"`` takes the directions from the affine; in an oblique volume, each ray runs along the array
            axis closest to its direction. ``"official"`` reproduces the authors' script: rays run both ways along array
            axes 1 and 2 and from the high end of array axis 0, wherever these point in the patient.

    Raises:
        InputError: If the volumes do not share their geometry.
    """
    surface = np.zeros(implant.shape, dtype=bool)
    indices = _projected_indices(implant, skull, axes)
    surface[tuple(indices.T)] = True
    return implant.with_voxels(surface)


def projected_distances(
    prediction: Volume,
    reference: Volume,
    skull: Volume,
    *,
    axes: RayAxes = "anatomical",
    units: Units = "mm",
    empty: EmptyPolicy = "counted",
) -> SurfaceDistances:
    """Measure the distances between the projected surfaces of two implants in the same defective skull.

    SdH is the ``hausdorff`` of the result (Equation 11); ``percentile(95)`` and ``mean`` are SdH95 and mean SdH.
    MedPy, which the authors' script calls, first reduces the surfaces to their border voxels. That changes nothing,
    since the voxel in front of a first hit is never part of the surface.

    Raises:
        InputError: If the volumes do not share their geometry; for ``empty="organisers"`` also if a surface is empty.
    """
    check_same_geometry(prediction, reference, skull)
    spacing = scaled_spacing(prediction, units)
    points = [_projected_indices(implant, skull, axes) * spacing for implant in (prediction, reference)]
    return point_distances(*points, empty=empty)


def _projected_indices(implant: Volume, skull: Volume, axes: RayAxes) -> np.ndarray:
    """Return the projected surface's voxel indices, shape (N, 3), in array order."""
    check_same_geometry(implant, skull)
    implant_voxels, skull_voxels = mask(implant), mask(skull)
    if not implant_voxels.any():
        return np.empty((0, 3), dtype=int)
    box = foreground_box(implant_voxels)
    surface = np.zeros([side.stop - side.start for side in box], dtype=bool)
    for axis, from_high_end in _rays(implant, axes):
        # Rays outside the implant's box cannot hit it, and before the box a ray matters only if skull blocks it there.
        before = slice(box[axis].stop, None) if from_high_end else slice(0, box[axis].start)
        in_front = (*box[:axis], before, *box[axis + 1 :])
        blocked = skull_voxels[in_front].any(axis=axis)
        occupied = implant_voxels[box] | skull_voxels[box]
        first = np.expand_dims(_first_along(occupied, axis, from_high_end), axis)
        hits = np.take_along_axis(implant_voxels[box], first, axis) & ~np.expand_dims(blocked, axis)
        seen = np.take_along_axis(surface, first, axis) | hits
        np.put_along_axis(surface, first, seen, axis)
    return np.argwhere(surface) + [side.start for side in box]


def _rays(volume: Volume, axes: RayAxes) -> list[tuple[int, bool]]:
    """Return the directions of the rays, as an array axis and whether rays start at its high end."""
    if axes == "official":
        return [(0, True), (1, False), (1, True), (2, False), (2, True)]
    return [
        (axis, high)
        for axis, code in enumerate(volume.axis_codes)
        for high in (False, True)
        if code not in "SI" or high == (code == "S")
    ]


def _first_along(occupied: np.ndarray, axis: int, from_high_end: bool) -> np.ndarray:
    """Return the index of the first occupied voxel along an axis, from either end."""
    if not from_high_end:
        return occupied.argmax(axis=axis)
    return occupied.shape[axis] - 1 - np.flip(occupied, axis).argmax(axis=axis)
