"""The solids that molds are made of; a cavity is the part itself, because booleans keep each triangle of a surface."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_formats.mesh_merging import distinct
from CraNeXtLib.geometry.solids import is_closed, mesh_of, solid_from

if TYPE_CHECKING:
    from manifold3d import Manifold

CRUMB_MM3 = 1.0
"""Volume below which a piece is debris."""

CORNERS_MM = 1e-3
"""How far a surface may move where its faces are joined."""

APART_MM = 3e-3
"""How far two sides of a surface that touch are moved."""

_MOST_ROUNDS = 3


def solid_of(mesh: Mesh, name: str) -> Manifold:
    """Return a closed mesh as a solid.

    Args:
        mesh: The mesh.
        name: What it is, for the message.

    Raises:
        InputError: If its surface is not closed, its faces contradict each other, or it has no volume.
    """
    solid = solid_from(mesh.vertices, mesh.faces)
    if not is_closed(solid) or solid.volume() <= 0:
        raise InputError(
            f"The surface of {name} is no closed mesh whose faces point outward; repair it in a mesh editor, or "
            "finish the implant with cranext finish."
        )
    return solid


def extruded(vertices: np.ndarray, faces: np.ndarray, end: float) -> Manifold:
    """Return the solid between a surface and a plane across the third axis.

    Args:
        vertices: Corners of the surface, shape (N, 3).
        faces: Its triangles, shape (M, 3). Seen along the third axis, they do not overlap, and all are turned away from
            the plane.
        end: Where the plane is on the third axis.
    """
    used, faces = np.unique(faces, return_inverse=True)
    faces, count = faces.reshape(-1, 3), len(used)
    surface = vertices[used]
    flat = surface.copy()
    flat[:, 2] = end
    start, stop = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    border = ~np.isin(start * count + stop, stop * count + start)
    start, stop = start[border], stop[border]
    walls = np.concatenate(
        [
            np.column_stack([stop, start, start + count]),
            np.column_stack([stop, start + count, stop + count]),
        ]
    )
    return solid_from(np.vstack([surface, flat]), np.vstack([faces, faces[:, ::-1] + count, walls]))


def printable(solid: Manifold) -> Manifold:
    """Return a solid as it should be printed, nowhere changed by more than ``APART_MM``.

    Pieces that no printer could make are left out, faces in one plane are joined, and where the surface touches itself
    at a point or an edge, its two sides are moved apart, because STL files do not tell which faces belong together.
    """
    whole = mesh_of(solid)
    joined_faces = solid_from(whole.vertices, whole.faces).simplify(CORNERS_MM)
    large = [piece for piece in joined_faces.decompose() if piece.volume() >= CRUMB_MM3]
    surface = mesh_of(joined_faces.compose(large))
    vertices = surface.vertices
    for _ in range(_MOST_ROUNDS):
        _, corner_of = distinct(vertices.astype(np.float32))
        touching = np.bincount(corner_of)[corner_of] > 1
        if not touching.any():
            break
        normals = Mesh(vertices, surface.faces).vertex_normals
        vertices = np.where(touching[:, None], vertices - APART_MM / _MOST_ROUNDS * normals, vertices)
    return solid_from(vertices, surface.faces)
