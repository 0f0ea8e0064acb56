"""Parts with known shapes for the tests of molds: plates and caps of a sphere, made as solids."""

import numpy as np
from manifold3d import Manifold

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.solids import mesh_of

AXES = np.array([[0.36, 0.48, -0.8], [-0.8, 0.6, 0.0], [0.48, 0.64, 0.6]])
"""A right-handed frame, to which ``turned`` turns a part."""


def cap(*, holes: bool = False) -> Mesh:
    """A piece of a spherical shell of 4 mm, 24 mm across, open downward; with two upright holes of 4 mm if asked."""
    shell = Manifold.sphere(25, 64) - Manifold.sphere(21, 64)
    part = shell ^ Manifold.cylinder(30, 12, 12, 48)
    if holes:
        for x in (7, -7):
            part -= Manifold.cylinder(30, 2, 2, 24).translate([x, 0, 0])
    return mesh_of(part)


def grooved(depth_mm: float) -> Mesh:
    """A plate of 30 x 20 x 10 mm with a groove of 2 mm along one side, so deep: an undercut across the third axis."""
    plate = Manifold.cube([30, 20, 10])
    return mesh_of(plate - Manifold.cube([30, 2 * depth_mm, 2]).translate([0, -depth_mm, 4]))


def leaning_cone() -> Mesh:
    """A plate with a blunt cone that leans by 20°, and whose flanks rise at 11° to its axis."""
    cone = Manifold.cylinder(17, 5, 2, 48).translate([0, 0, -2]).rotate([20, 0, 0]).translate([15, 10, 10])
    return mesh_of(Manifold.cube([30, 20, 10]) + cone)


def turned(mesh: Mesh) -> Mesh:
    """The same mesh, turned and moved."""
    return Mesh(mesh.vertices @ AXES.T + [30.0, -20.0, 50.0], mesh.faces)
