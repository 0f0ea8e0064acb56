"""The surface of a part that is to be molded: one closed body without cavities."""

from __future__ import annotations

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh import Mesh, shells_of, solid_parts, without_debris
from CraNeXtLib.implant.mold.solids import solid_of


def part_surface(mesh: Mesh, name: str) -> Mesh:
    """Return the surface of a part, its faces outward, without debris of less than 1 mm³.

    Args:
        mesh: A closed mesh; all its faces may point inward.
        name: Its name in messages.

    Raises:
        InputError: If its surface is not closed, it has cavities, which no mold can make, or it is several bodies.
    """
    if mesh.volume_ml < 0:
        mesh = Mesh(mesh.vertices, mesh.faces[:, ::-1])
    mesh = without_debris(mesh)
    solid_of(mesh, name)
    bodies = len(solid_parts(mesh))
    if bodies > 1:
        raise InputError(f"{name} holds {bodies} bodies; save each as a file of its own and mold it.")
    cavities = shells_of(mesh)[0] - bodies
    if cavities:
        raise InputError(f"{name} has {cavities} closed cavities inside, which no mold can make; fill them.")
    return mesh
