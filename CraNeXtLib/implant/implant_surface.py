"""The surface of an implant as it is, its outer and inner side fair."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.distance_field import aligned_grid, fine_step_mm, span_of
from CraNeXtLib.geometry.fairing import moved_within
from CraNeXtLib.geometry.mesh import Mesh, without_debris
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.fair_sides import TOLERANCE_VOXELS, fair_sides

_MARGIN_MM = 4.0  # around the implant, so that its sides are made fair together with the bone beside it
_FACING = (0.5, 0.8)  # cosines between the normals of implant and head: no side below the first, a side from the second
_STEEP = 0.9  # of 1, the slope of a distance
_ROUNDS = 2


def implant_surface(implant: Volume, skull: Volume) -> Mesh:
    """Return the closed surface of an implant in RAS mm, without debris.

    It is that of the mask, with its rim, but the vertices of the outer and the inner side are moved onto the head's
    fair surface.

    Args:
        implant: Mask of the implant, not empty.
        skull: Mask of the defective skull, of the same geometry.
    """
    mesh = without_debris(surface_of(implant))
    points = span_of(implant)
    thinnest = np.linalg.eigh(np.cov(points.T))[1][:, 0]  # for a small grid
    grid = aligned_grid(points, thinnest, margin_mm=_MARGIN_MM, step_mm=fine_step_mm(implant))
    piece, bone = (volume.with_voxels(volume.voxels != 0) for volume in (implant, skull))
    head = fair_sides(piece, bone, grid).head
    return _on_sides(mesh, head, TOLERANCE_VOXELS * float(implant.spacing.mean()))


def _on_sides(mesh: Mesh, head: Volume, reach_mm: float) -> Mesh:
    """Return a mesh with its vertices on the head's surface where they lie beside it, and face the same way.

    Args:
        mesh: Surface of the implant.
        head: Distance from the head's surface, on a grid of cubes.
        reach_mm: How far a vertex may move; one more than twice as far from the surface stays.
    """
    axes, step = head.affine[:3, :3] / head.spacing, float(head.spacing[0])
    indices, normals = head.to_indices(mesh.vertices).T, (mesh.vertex_normals @ axes).T
    for _ in range(_ROUNDS):
        values = _sampled(head, indices)
        units = np.eye(3)[:, :, None]
        slope = np.stack([_sampled(head, indices + unit) - _sampled(head, indices - unit) for unit in units])
        steepness = np.linalg.norm(slope, axis=0)
        slope /= np.maximum(steepness, 1e-9)
        # Halfway between both sides, the field has a ridge, and no direction that leads to either.
        movable = (np.abs(values) < 2 * reach_mm) & (steepness > 2 * step * _STEEP)
        facing = np.clip(((slope * normals).sum(axis=0) - _FACING[0]) / (_FACING[1] - _FACING[0]), 0, 1)
        indices = indices - np.where(movable, values * facing, 0) / step * slope
    return moved_within(mesh, head.to_ras(indices.T), reach_mm)


def _sampled(field: Volume, indices: np.ndarray) -> np.ndarray:
    """Return a field at fractional indices, shape (3, N), linearly interpolated."""
    values: np.ndarray = ndimage.map_coordinates(field.voxels, indices, order=1, mode="nearest", prefilter=False)
    return values
