"""The surface of an implant as it is, its outer and inner side fair."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.geometry.fairing import FairSurface, moved_within
from CraNeXtLib.geometry.mesh import Mesh, without_debris
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume

_FACING = (0.5, 0.8)  # cosines between the normals of implant and head: no side below the first, a side from the second
_ROUNDS = 2


def implant_surface(implant: Volume, head: FairSurface) -> Mesh:
    """Return the closed surface of an implant in RAS mm, without debris.

    It is that of the mask, with its rim, but the vertices of the outer and the inner side are moved onto the head's
    fair surface.

    Args:
        implant: Mask of the implant, not empty.
        head: The fair surface of bone and implant, see :func:`fair_head`; a vertex moves no farther than its tolerance.
    """
    mesh = without_debris(surface_of(implant))
    vertices = mesh.vertices
    for _ in range(_ROUNDS):
        away, distances, normals = head.nearest(vertices)
        cosines = (normals * mesh.vertex_normals).sum(axis=1)
        facing = np.clip((cosines - _FACING[0]) / (_FACING[1] - _FACING[0]), 0, 1)
        shift = np.where(away < 2 * head.tolerance_mm, distances * facing, 0)
        vertices = vertices - shift[:, None] * normals
    return moved_within(mesh, vertices, head.tolerance_mm)
