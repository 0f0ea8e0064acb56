"""An implant compared with the contralateral side: the bone that is mirrored at the plane of symmetry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CraNeXtLib.geometry.distance_field import aligned_grid, field_of
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.point_tree import point_tree
from CraNeXtLib.geometry.surface_extraction import surface_of_field
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.fit.thickness import OUTER, sides, wall_thickness
from CraNeXtLib.implant.symmetry_plane import SymmetryPlane

SURFACE_MM = 1.0
"""Resolution of the mirrored bone's surface."""
ASIDE_MM = 1.5
"""How far a point's counterpart may lie beside it."""
APART_MM = 8.0
"""How far a point's counterpart may lie outside or inside it; farther away it is other bone."""
UPRIGHT = 0.8
"""Least cosine between a counterpart's normal and the direction out of the head; the edges of a hole slant more."""

_NEIGHBORS = 12  # over which the thickness of the mirrored bone is averaged


@dataclass(frozen=True, eq=False)
class MirrorComparison:
    """An implant compared with the mirrored bone at each of its vertices; NaN where there is no counterpart.

    Args:
        outside_mm: How far the outer side lies outside that of the mirrored bone, negative inside, shape (N,).
        thicker_mm: How much thicker the implant is than the mirrored bone, shape (N,).
    """

    outside_mm: np.ndarray
    thicker_mm: np.ndarray


def compare_with_mirrored(
    mesh: Mesh, side: np.ndarray, walls: np.ndarray, skull: Volume, plane: SymmetryPlane, center: np.ndarray
) -> MirrorComparison:
    """Compare the outer side of an implant with the contralateral side.

    Args:
        mesh: Surface of the implant.
        side: Side of each vertex, see ``thickness.sides``.
        walls: Thickness at each vertex in mm, see ``thickness.wall_thickness``.
        skull: Mask of the defective skull.
        plane: The plane of symmetry.
        center: A point in the middle of the head, RAS mm, shape (3,).
    """
    outside, thicker = np.full((2, len(mesh.vertices)), np.nan)
    outer = np.flatnonzero(side == OUTER)
    bone = _mirrored_bone(mesh.vertices[outer], skull, plane, center) if len(outer) else None
    if bone is None:
        return MirrorComparison(outside, thicker)
    bone_walls = wall_thickness(bone, sides(bone, center))
    upright = np.flatnonzero(sides(bone, center, facing=UPRIGHT) == OUTER)
    if len(upright) <= _NEIGHBORS:
        return MirrorComparison(outside, thicker)
    _, near = point_tree(bone.vertices[upright]).query(mesh.vertices[outer], k=_NEIGHBORS)
    normals = bone.vertex_normals[upright[near[:, 0]]]
    offset = mesh.vertices[outer] - bone.vertices[upright[near[:, 0]]]
    along = (offset * normals).sum(axis=1)
    aside = np.linalg.norm(offset - along[:, None] * normals, axis=1)
    found = (aside < ASIDE_MM) & (np.abs(along) < APART_MM)
    outside[outer[found]] = along[found]
    thicker[outer[found]] = (walls[outer] - np.median(bone_walls[upright[near]], axis=1))[found]
    return MirrorComparison(outside, thicker)


def _mirrored_bone(points: np.ndarray, skull: Volume, plane: SymmetryPlane, center: np.ndarray) -> Mesh | None:
    """Return the surface of the mirrored skull around points; None if there is no bone."""
    mirrored = Volume(skull.voxels, plane.matrix @ skull.affine)
    grid = aligned_grid(points, points.mean(axis=0) - center, margin_mm=2 * APART_MM, step_mm=SURFACE_MM)
    field = field_of(mirrored, grid)
    return surface_of_field(field, iterations=5) if (field.voxels < 0).any() else None
