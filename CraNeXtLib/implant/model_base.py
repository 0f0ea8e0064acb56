"""A flat base for the model of the bone around a defect: it stands on a table, and prints without supports."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.settings import number_in
from CraNeXtLib.geometry.mesh import Mesh, without_debris
from CraNeXtLib.geometry.solids import mesh_of, solid_of
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.model_ranges import BONE_BASE_MM

_STEP_MM = 1.0  # voxels of the base are no larger; those of the bone are used where they are finer
_FINEST_MM = 0.5
_JOIN_MM = 1e-3  # how far the surface may move where faces in one plane are joined, which cross in the precision of STL


def check_base(base_mm: float) -> None:
    """Refuse a base that breaks, or is higher than the model.

    Raises:
        InputError: If it is not from 1 to 50 mm.
    """
    number_in(base_mm, *BONE_BASE_MM, "--bone-base", unit=" mm")


def with_base(model: Mesh, bone: Volume, implant: Volume, outward: np.ndarray, base_mm: float) -> Mesh:
    """Return the model on a base that fills everything below its bone, down to a plane.

    Below the implant the base is open, so that the part goes in along the given direction as into the bone alone, and
    can be pushed out from below. The outer side and the walls of the hole are the model's own, unchanged.

    Args:
        model: Surface of the bone.
        bone: Its mask.
        implant: Mask of the implant, on any grid.
        outward: RAS direction out of the head, along which the implant is inserted, shape (3,).
        base_mm: How far the plane is below the lowest bone.

    Returns:
        A closed mesh; its lowest points are all in the plane.

    Raises:
        InputError: If the base is out of range.
    """
    check_base(base_mm)
    step = float(np.clip(bone.spacing.min(), _FINEST_MM, _STEP_MM))
    axes = _axes(outward)
    points, hole = (volume.to_ras(np.argwhere(volume.voxels)) @ axes for volume in (bone, implant))
    first = points.min(axis=0) - 3 * step
    first[2] = points[:, 2].min() - base_mm + step / 2  # center of the lowest voxel of the base
    shape = tuple(np.ceil((points.max(axis=0) - first) / step).astype(int) + 4)

    def columns(of: np.ndarray) -> tuple[np.ndarray, ...]:
        return tuple(np.rint((of[:, :2] - first[:2]) / step).astype(int).T)

    lowest, highest = np.full(shape[:2], np.inf), np.full(shape[:2], -np.inf)
    np.minimum.at(lowest, columns(points), points[:, 2])
    np.maximum.at(highest, columns(points), points[:, 2])
    covered = ndimage.binary_closing(np.isfinite(lowest), np.ones((3, 3)))  # voxels may be larger than a column
    # Where the inner side is steep, the lowest bone of the neighbors is the one to reach, if it is still inside bone.
    inside = ndimage.grey_dilation(np.where(np.isfinite(lowest), lowest, -np.inf), (3, 3))
    top = np.minimum(inside, ndimage.grey_dilation(highest, (3, 3)) - step)
    top = np.maximum(top, np.where(np.isfinite(lowest), lowest, -np.inf))
    opened = np.zeros(shape[:2], bool)
    within = [np.clip(column, 0, size - 1) for column, size in zip(columns(hole), shape[:2], strict=True)]
    opened[tuple(within)] = True
    covered &= ~ndimage.binary_dilation(opened, np.ones((3, 3)))
    heights = first[2] + step * np.arange(shape[2])
    filled = covered[..., None] & (heights <= top[..., None])
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = axes * step, axes @ first
    base = without_debris(surface_of(Volume(filled, affine), iterations=0))
    return without_debris(mesh_of((solid_of(model) + solid_of(base)).simplify(_JOIN_MM)))


def _axes(outward: np.ndarray) -> np.ndarray:
    """Return a rotation whose third column is a direction, shape (3, 3)."""
    up = np.asarray(outward, float) / np.linalg.norm(outward)
    across = np.cross(up, np.eye(3)[np.abs(up).argmin()])
    across /= np.linalg.norm(across)
    return np.column_stack([across, np.cross(up, across), up])
