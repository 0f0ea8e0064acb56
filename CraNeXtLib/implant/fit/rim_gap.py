"""The gap between the rim of an implant and the bone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from CraNeXtLib.evaluation.distance_maps import CONTACT_MM, RIM_MM
from CraNeXtLib.geometry.distance_field import aligned_grid, distance, field_of, fine_step_mm
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.point_tree import point_tree
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.fit.fit_limits import FitLimits
from CraNeXtLib.implant.fit.thickness import OUTER, RIM

FACING = 0.7
"""Cosine between the implant's normal and the direction to the bone above which a vertex faces the bone."""

BENEATH_MM = 3.0
"""Gap up to which a vertex of the inner or outer side belongs to the rim; farther away it faces the skull base."""


class RimGaps(NamedTuple):
    """Vertices of a part and the bone next to them.

    Attributes:
        gaps_mm: Gap to the bone, negative for overlap, NaN where a vertex neither faces nor touches bone, shape (V,).
        faces_bone: Whether each vertex faces bone; one that only touches bone may lie on the outer side beside it.
    """

    gaps_mm: np.ndarray
    faces_bone: np.ndarray


def rim_gaps(mesh: Mesh, vertices: np.ndarray, side: np.ndarray, skull: Volume, outward: np.ndarray) -> RimGaps:
    """Return the gap to the bone at each vertex of one part, and which of them face bone.

    Args:
        mesh: Surface of the implant.
        vertices: Vertex indices of the part, shape (V,).
        side: Side of every vertex of the mesh, see ``thickness.sides``.
        skull: Mask of the defective skull.
        outward: RAS direction out of the head at the part, shape (3,).
    """
    points = mesh.vertices[vertices]
    grid = aligned_grid(points, outward, margin_mm=RIM_MM, step_mm=fine_step_mm(skull))
    bone_mm = distance(field_of(skull, grid)).voxels
    indices = grid.to_indices(points).T

    def sample(offset: np.ndarray) -> np.ndarray:
        return ndimage.map_coordinates(bone_mm, indices + offset[:, None], order=1, mode="nearest", prefilter=False)

    gaps = sample(np.zeros(3))
    slope = np.stack([sample(unit) - sample(-unit) for unit in np.eye(3)], axis=1)
    toward = -slope @ (grid.affine[:3, :3] / grid.spacing).T
    toward /= np.maximum(np.linalg.norm(toward, axis=1, keepdims=True), 1e-9)
    faces_bone = (toward * mesh.vertex_normals[vertices]).sum(axis=1) > FACING
    widest = np.where(side[vertices] == RIM, RIM_MM, BENEATH_MM)
    faces_bone &= gaps < widest
    far = np.flatnonzero(faces_bone & (gaps > BENEATH_MM))
    nearest_mm = point_tree(points).query(points[far] + gaps[far, None] * toward[far])[0]
    faces_bone[far[nearest_mm < gaps[far] / 2]] = False  # the part itself lies between: it is the wall of a hole
    return RimGaps(np.where((gaps < CONTACT_MM) | faces_bone, gaps, np.nan), faces_bone)


def taken_by_bevel(mesh: Mesh, side: np.ndarray, bevel_deg: float) -> np.ndarray:
    """Return how much wider a rim bevel makes the gap at each vertex, in mm, shape (N,): more the farther from outside.

    Args:
        mesh: Surface of the part.
        side: Side of each vertex, see ``thickness.sides``.
        bevel_deg: Angle by which the rim widens outward.
    """
    outer = mesh.vertices[side == OUTER]
    if not bevel_deg or not len(outer):
        return np.zeros(len(mesh.vertices))
    widened: np.ndarray = np.tan(np.deg2rad(bevel_deg)) * point_tree(outer).query(mesh.vertices)[0]
    return widened


def percent_within(gaps: np.ndarray, limits: FitLimits) -> float | None:
    """Return the percentage of the rim's vertices whose gap and overlap are within tolerance; None without a rim.

    >>> percent_within(np.array([0.2, 1.0, 2.0, -1.0, np.nan]), FitLimits(gap_mm=1.5, overlap_mm=0.3))
    50.0
    """
    measured = gaps[np.isfinite(gaps)]
    if not measured.size:
        return None
    within = (measured >= -limits.overlap_mm) & (measured <= limits.gap_mm)
    return round(100 * float(within.mean()), 1)
