"""Closed meshes as solids that are joined and cut exactly, by the library Manifold (manifold3d).

Its results are closed manifolds and keep each triangle of a surface that no other one crosses.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh import Mesh

if TYPE_CHECKING:
    from manifold3d import Manifold


def solid_of(mesh: Mesh) -> Manifold:
    """Return a closed mesh as a solid.

    Raises:
        InputError: If the mesh is not closed or not manifold.
    """
    solid = solid_from(mesh.vertices, mesh.faces)
    if not is_closed(solid):
        raise InputError("A surface is not closed; mend the mask that it comes from.")
    return solid


def solid_from(vertices: np.ndarray, faces: np.ndarray) -> Manifold:
    """Return a mesh as a solid; one whose edges do not all have two faces becomes an empty solid with a status."""
    from manifold3d import Manifold, Mesh64

    return Manifold(Mesh64(np.ascontiguousarray(vertices, np.float64), np.ascontiguousarray(faces, np.uint64)))


def is_closed(solid: Manifold) -> bool:
    """Return whether a mesh has become a solid, because its surface is closed and manifold."""
    from manifold3d import Error

    return bool(solid.status() == Error.NoError and not solid.is_empty())


def union(solids: Iterable[Manifold]) -> Manifold:
    """Return what several solids fill together."""
    from manifold3d import Manifold, OpType

    return Manifold.batch_boolean(list(solids), OpType.Add)


def mesh_of(solid: Manifold) -> Mesh:
    """Return the surface of a solid."""
    stored = solid.to_mesh64()
    return Mesh(np.array(stored.vert_properties[:, :3]), np.array(stored.tri_verts).astype(np.int64))
