"""Closed meshes with fewer triangles, within a distance of the original that is measured."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.geometry.mesh import Mesh, face_centers
from CraNeXtLib.geometry.solids import is_closed, mesh_of, solid_from, solid_of
from CraNeXtLib.geometry.surface_distance import distances_to

_FIRST_PART = 0.4  # of the distance that is asked for; see decimated
_SAFETY = 0.9
_LEAST_PART = 0.02
_EVERY = 10  # vertex that is measured before all are

MOST_TRIANGLES = 70_000
"""Of a part that is made."""
LIGHT_MM = 0.1
"""How far a light mesh may be from the original; of smooth surfaces, nearly all lies within 0.002 mm."""


def decimated(mesh: Mesh, tolerance_mm: float) -> tuple[Mesh, float]:
    """Return a closed mesh with fewer triangles, no farther from the given one than stated.

    Manifold's ``simplify`` keeps a surface closed and manifold, and its corners are corners of the original. But each
    of its passes may move the surface by its tolerance, so that 0.3 became 0.9 mm on a skull. Therefore the result is
    measured, and made again with less until it is within the distance.

    Args:
        mesh: A closed mesh.
        tolerance_mm: Largest distance between the surfaces.

    Returns:
        The mesh, and the largest distance in mm, at most the tolerance, of the original's vertices from its surface
        and of the middles of its faces from the original's.

    Raises:
        InputError: If the mesh is not closed.
    """
    solid, part = solid_of(mesh), _FIRST_PART
    while part > _LEAST_PART:
        reduced = mesh_of(solid.simplify(part * tolerance_mm))
        distance = largest_distance(mesh.vertices[::_EVERY], reduced)
        if distance <= tolerance_mm:
            there, back = (mesh.vertices, reduced), (face_centers(reduced), mesh)
            distance = max(largest_distance(*there), largest_distance(*back))
        if distance <= tolerance_mm:
            return reduced, distance
        part *= _SAFETY * tolerance_mm / distance
    return mesh, 0.0


def light(mesh: Mesh) -> Mesh:
    """Return a smooth closed mesh with half of its triangles, or ``MOST_TRIANGLES`` if that is fewer.

    Quadric decimation keeps their shape and the volume, so that normals stay as good as they were, which Manifold's
    ``simplify`` does not. But it does not promise a closed manifold, nor a distance: both are checked.

    Args:
        mesh: A closed mesh.

    Returns:
        The mesh, no farther than ``LIGHT_MM`` from the original, or the original where that cannot be kept.
    """
    from fast_simplification import simplify

    middle = mesh.vertices.mean(axis=0)  # single precision is exact enough around it
    points, faces = (mesh.vertices - middle).astype(np.float32), mesh.faces.astype(np.int32)
    points, faces = simplify(points, faces, target_count=min(len(faces) // 2, MOST_TRIANGLES))
    reduced = Mesh(points + middle, faces.astype(np.int64))
    # Manifold takes an edge of four faces, too, and parts the surface there.
    if not (reduced.is_watertight and is_closed(solid_from(reduced.vertices, reduced.faces))):
        return mesh
    return reduced if largest_distance(mesh.vertices[::_EVERY], reduced) <= LIGHT_MM else mesh


def largest_distance(points: np.ndarray, mesh: Mesh) -> float:
    """Return the largest distance of points, shape (N, 3), from a surface in mm."""
    return float(np.abs(distances_to(mesh, points)).max())
