"""Closed meshes as solids of the library Manifold, whose results are closed manifolds, too."""

from __future__ import annotations

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
    from manifold3d import Error, Manifold, Mesh64

    solid = Manifold(Mesh64(np.ascontiguousarray(mesh.vertices, float), np.ascontiguousarray(mesh.faces, np.uint64)))
    if solid.status() != Error.NoError or solid.is_empty():
        raise InputError("A surface is not closed; mend the mask that it comes from.")
    return solid


def mesh_of(solid: Manifold) -> Mesh:
    """Return the surface of a solid."""
    stored = solid.to_mesh64()
    return Mesh(np.array(stored.vert_properties[:, :3]), np.array(stored.tri_verts).astype(np.int64))
