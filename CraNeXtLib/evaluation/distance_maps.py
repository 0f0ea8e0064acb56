"""Distances painted on meshes: implant to reference, gap and overlap at the rim, and the two surfaces of SdH."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.evaluation.surface_hausdorff import project_surface
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.mask import check_same_geometry, holds, mask, surface_indices
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.poly_data import poly_data
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume

RIM_MM = 10.0
"""Widest gap that is measured."""
CONTACT_MM = 0.5
"""Gap below which skull and implant touch, whichever way the implant's surface faces."""
FACING = 0.7
"""Cosine between the implant's normal and the direction to the skull above which a vertex faces the skull."""


@dataclass(frozen=True, eq=False)
class DistanceMap:
    """A mesh with a number at every vertex.

    Args:
        mesh: The mesh, in RAS mm.
        values_mm: Distance at each vertex in mm, shape (N,); NaN where nothing is measured.
        name: Name of the scalars, such as ``distance_mm``.
    """

    mesh: Mesh
    values_mm: np.ndarray
    name: str


def distance_map(implant: Mesh, reference: Mesh) -> DistanceMap:
    """Return the distance from the implant to the reference: positive outside it, negative inside."""
    return DistanceMap(implant, _signed_distances(implant.vertices, reference), "distance_mm")


def rim_map(implant: Mesh, implant_mask: Volume, skull: Volume) -> DistanceMap:
    """Return the gap between the implant's rim and the skull, negative for overlap, NaN off the rim.

    A vertex belongs to the rim if it faces bone at most ``RIM_MM`` away, touches bone, or lies inside bone.

    Args:
        implant: Surface of the implant, in RAS mm.
        implant_mask: The mask it was extracted from.
        skull: Mask of the defective skull, of the same geometry.

    Raises:
        InputError: If the geometries differ or the implant is empty.
    """
    check_same_geometry(implant_mask, skull)
    margin = np.ceil((RIM_MM + 2) / skull.spacing).astype(int)
    nearby = skull.crop(foreground_box(mask(implant_mask), margin=tuple(margin)))
    gaps = np.full(len(implant.vertices), np.nan)
    if not mask(nearby).any():
        return DistanceMap(implant, gaps, "gap_mm")
    bone = surface_of(nearby)
    apart, nearest = cKDTree(bone.vertices).query(implant.vertices, distance_upper_bound=RIM_MM + 2)
    close = np.flatnonzero(np.isfinite(apart))
    toward = (bone.vertices[nearest[close]] - implant.vertices[close]) / np.maximum(apart[close], 1e-6)[:, None]
    faces_bone = (toward * implant.vertex_normals[close]).sum(axis=1) > FACING
    # The nearest vertex is farther away than the surface, by less than a voxel's diagonal.
    touches = apart[close] < CONTACT_MM + np.linalg.norm(skull.spacing)
    candidates = close[faces_bone | touches | holds(nearby, implant.vertices[close])]
    measured = _signed_distances(implant.vertices[candidates], bone)
    facing = np.isin(candidates, close[faces_bone])
    on_rim = (measured < CONTACT_MM) | (facing & (measured < RIM_MM))
    gaps[candidates[on_rim]] = measured[on_rim]
    return DistanceMap(implant, gaps, "gap_mm")


def projected_maps(implant: Volume, reference: Volume, skull: Volume) -> tuple[DistanceMap, DistanceMap]:
    """Return the two surfaces that SdH compares, the implant's and the reference's, with their distances to each other.

    Raises:
        InputError: If the geometries differ, or no ray from outside the head hits one of the two.
    """
    surfaces = [project_surface(volume, skull) for volume in (implant, reference)]
    if not all(surface.voxels.any() for surface in surfaces):
        raise InputError("No ray from outside the head hits one of the implants, so SdH has no surface to show.")
    points = [surface.to_ras(surface_indices(surface)) for surface in surfaces]
    trees = [cKDTree(p) for p in points]

    def painted(own: int, other: int) -> DistanceMap:
        mesh = surface_of(surfaces[own], iterations=5)
        voxel = trees[own].query(mesh.vertices)[1]
        return DistanceMap(mesh, trees[other].query(points[own][voxel])[0], "distance_mm")

    return painted(0, 1), painted(1, 0)


def _signed_distances(points: np.ndarray, mesh: Mesh) -> np.ndarray:
    """Return the distances of points, shape (N, 3), from a surface in mm, negative inside.

    VTK measures them to triangles and not to vertices.
    """
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkDoubleArray
    from vtkmodules.vtkFiltersCore import vtkImplicitPolyDataDistance

    distance, found = vtkImplicitPolyDataDistance(), vtkDoubleArray()
    distance.SetInput(poly_data(mesh))
    if len(points):
        distance.FunctionValue(numpy_to_vtk(np.ascontiguousarray(points, dtype=np.float64)), found)
    return vtk_to_numpy(found).astype(float)
