"""Fair surfaces: without what voxels leave of their stairs, and nowhere farther from the given surface than stated.

The stairs of a surface that is nearly parallel to the voxels' layers are terraces several millimeters wide. A blur of
the field that removes them makes plates thinner, which are as wide; a filter along the surface does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.point_tree import point_tree
from CraNeXtLib.geometry.poly_data import poly_data
from CraNeXtLib.geometry.surface_extraction import surface_of_field
from CraNeXtLib.geometry.volume import Volume

# Of the windowed sinc filter (Taubin et al. 1996), chosen by Testing/benchmarks/surface_roughness.py: with 0.003, rings
# remain.
_PASS_BAND, _ITERATIONS = 0.001, 60
_BLEND_BAND, _BLEND_ITERATIONS = 0.1, 20  # levels the creases where the first filter was held back


def faired_mesh(mesh: Mesh, tolerance_mm: float) -> Mesh:
    """Return a closed mesh with its vertices moved to where the surface is fair, none farther than a tolerance."""
    fair = moved_within(mesh, _filtered(mesh, _PASS_BAND, _ITERATIONS), tolerance_mm)
    return moved_within(mesh, _filtered(fair, _BLEND_BAND, _BLEND_ITERATIONS), tolerance_mm)


@dataclass(frozen=True, eq=False)
class FairSurface:
    """The fair surface of a field.

    Args:
        mesh: The surface in RAS mm. Its vertices are less than a voxel apart.
        tolerance_mm: How far it may be from the field's zero level.
        tree: The vertices of the mesh.
    """

    mesh: Mesh
    tolerance_mm: float
    tree: cKDTree

    @classmethod
    def of(cls, field: Volume, tolerance_mm: float) -> FairSurface:
        """Return the fair surface of a field, which is negative inside and somewhere is."""
        mesh = faired_mesh(surface_of_field(field, iterations=0), tolerance_mm)
        return cls(mesh, tolerance_mm, point_tree(mesh.vertices))

    def nearest(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return, of RAS points of shape (N, 3), how far the nearest vertex is, and the plane there, which the surface
        is: the points' distances from it, negative inside, and its normals."""
        away, nearest = self.tree.query(points)
        normals = self.mesh.vertex_normals[nearest]
        return away, ((points - self.mesh.vertices[nearest]) * normals).sum(axis=1), normals

    def faired(self, field: Volume, where: np.ndarray) -> Volume:
        """Return a field with this surface as its zero level.

        Args:
            field: Distance in mm on a grid of cubes, of the same shape in space; exact near the surface only.
            where: Where the fair field is wanted, bool of the field's shape.

        Returns:
            Distances from the fair surface near it, and those of the given field elsewhere.
        """
        values, reach_mm = field.voxels, self.tolerance_mm + 2 * float(field.spacing[0])
        near = np.argwhere(where & (np.abs(values) < min(reach_mm, 0.95 * float(values.max()))))
        result = values.copy()
        result[tuple(near.T)] = self.nearest(field.to_ras(near))[1]
        return field.with_voxels(result)


def moved_within(mesh: Mesh, moved: np.ndarray, tolerance_mm: float) -> Mesh:
    """Return the mesh with its vertices moved to given places, or as far toward them as the tolerance allows."""
    shift = moved - mesh.vertices
    length = np.linalg.norm(shift, axis=1, keepdims=True)
    return Mesh(mesh.vertices + shift * np.minimum(1, tolerance_mm / np.maximum(length, 1e-9)), mesh.faces)


def _filtered(mesh: Mesh, pass_band: float, iterations: int) -> np.ndarray:
    """Return the vertices after VTK's windowed sinc filter, which keeps the volume."""
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkFiltersCore import vtkWindowedSincPolyDataFilter

    smoother = vtkWindowedSincPolyDataFilter()
    smoother.SetInputData(poly_data(mesh))
    smoother.SetPassBand(pass_band)
    smoother.SetNumberOfIterations(iterations)
    smoother.NormalizeCoordinatesOn()
    smoother.BoundarySmoothingOff()
    smoother.FeatureEdgeSmoothingOff()
    smoother.Update()
    return vtk_to_numpy(smoother.GetOutput().GetPoints().GetData()).astype(float)
