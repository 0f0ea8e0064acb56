"""Undercuts of a part: where it lies both above and below a place outside it, which no half can fill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.solids import mesh_of
from CraNeXtLib.implant.mold.solids import solid_of
from CraNeXtLib.implant.mold.sweep import covered_twice, swept

if TYPE_CHECKING:
    from manifold3d import CrossSection, Manifold

RESOLUTION_MM = 0.005
"""How exactly the depth of an undercut is found."""

_OUTLINE_MM = 0.001  # how far an outline may move


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
        # Between faces that are swept side by side, slits without width are left in the part, which it closes.
        return (self.above ^ self.below) + self.part


def undercut_of(mesh: Mesh, bottom: float, top: float) -> Undercut:
    """Return a part's undercuts along the third axis.

    Args:
        mesh: Surface of the part in the frame of the mold.
        bottom: Where the mold ends below the part, on the third axis.
        top: Where it ends above the part.
    """
    part, above, below = solid_of(mesh, "the part"), swept(mesh, top), swept(mesh, bottom)
    filling = (above ^ below) - part
    depth, middle = widest_overhang(mesh)
    if not depth:
        return Undercut(part, above, below, filling, 0.0, None)
    corners = mesh_of(filling).vertices
    nearest = np.linalg.norm(corners[:, :2] - middle, axis=1).argmin()
    return Undercut(part, above, below, filling, depth, np.array([*middle, corners[nearest, 2]]))


def widest_overhang(mesh: Mesh) -> tuple[float, np.ndarray]:
    """Return the depth of a part's deepest undercut along the third axis in mm, and where it is across it, shape (2,).

    It is the diameter of the largest circle in the undercuts, as they are seen along the axis; 0 below the resolution.
    """
    from manifold3d import JoinType

    def shrunk(width: float) -> CrossSection:
        return outline.offset(-width / 2, JoinType.Miter)  # corners that stay sharp are the quickest

    outline = covered_twice(mesh).simplify(_OUTLINE_MM)
    narrow, wide, inner = 0.0, RESOLUTION_MM, outline
    while not shrunk(wide).is_empty():
        narrow, wide, inner = wide, 2 * wide, shrunk(wide)
    if not narrow:
        return 0.0, np.zeros(2)
    while wide - narrow > RESOLUTION_MM:
        width = (narrow + wide) / 2
        left = shrunk(width)
        if left.is_empty():
            wide = width
        else:
            narrow, inner = width, left
    return narrow, np.asarray(inner.to_polygons()[0]).mean(axis=0)
