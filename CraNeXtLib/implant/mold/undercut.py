"""Undercuts of a part: where it lies both above and below a place outside it, which no half can fill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.solids import mesh_of
from CraNeXtLib.implant.mold.solids import solid_of
from CraNeXtLib.implant.mold.sweep import swept

if TYPE_CHECKING:
    from manifold3d import CrossSection, Manifold

RESOLUTION_MM = 0.005
"""How exactly the depth of an undercut is found."""

_DEEPEST_MM = 128.0
_FLAT_MM = 0.005


@dataclass(frozen=True, eq=False)
class Undercut:
    """A part in the frame of a mold, and what filling its undercuts adds.

    Attributes:
        part: The part.
        above: The part and all that is above it, up to the top of the mold.
        below: The part and all that is below it, down to the bottom of the mold.
        filling: The undercuts.
        depth_mm: How deep the deepest one is, across the opening direction: how far the part would have to give.
        place: Where that is, in the frame, shape (3,); None without undercuts.
    """

    part: Manifold
    above: Manifold
    below: Manifold
    filling: Manifold
    depth_mm: float
    place: np.ndarray | None

    @property
    def molded(self) -> Manifold:
        """The part with its undercuts filled: what a mold that opens can make."""
        return self.above ^ self.below


def undercut_of(mesh: Mesh, bottom: float, top: float) -> Undercut:
    """Return a part's undercuts along the third axis.

    Args:
        mesh: Surface of the part in the frame of the mold.
        bottom: Where the mold ends below the part, on the third axis.
        top: Where it ends above the part.
    """
    part, above, below = solid_of(mesh, "the part"), swept(mesh, top), swept(mesh, bottom)
    filling = (above ^ below) - part
    outline = (filling ^ filling.translate([0, 0, _FLAT_MM])).project()  # without films, which rounding leaves
    depth, middle = _width_and_middle(outline)
    if not depth:
        return Undercut(part, above, below, filling, 0.0, None)
    corners = mesh_of(filling).vertices
    nearest = np.linalg.norm(corners[:, :2] - middle, axis=1).argmin()
    return Undercut(part, above, below, filling, depth, np.array([*middle, corners[nearest, 2]]))


def _width_and_middle(outline: CrossSection) -> tuple[float, np.ndarray]:
    """Return the diameter of the largest circle in an outline, in mm, and its middle; 0 below the resolution."""
    narrow, wide, inner = 0.0, _DEEPEST_MM, None
    while wide - narrow > RESOLUTION_MM:
        width = (narrow + wide) / 2
        shrunk = outline.offset(-width / 2)
        if shrunk.is_empty():
            wide = width
        else:
            narrow, inner = width, shrunk
    if inner is None:
        return 0.0, np.zeros(2)
    return narrow, np.asarray(inner.to_polygons()[0]).mean(axis=0)
