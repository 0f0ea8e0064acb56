"""Round holes in the field of a part, and in its surface, where they have their exact diameter.

The surface of a field rounds off what is not much wider than a voxel: of a hole of 1.5 mm on voxels of 0.8 mm, through
which a screw should go, 0.7 to 1.3 mm were left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from CraNeXtLib.geometry.distance_field import axes_toward
from CraNeXtLib.geometry.mesh import Mesh, without_debris
from CraNeXtLib.geometry.solids import mesh_of, solid_of, union
from CraNeXtLib.geometry.volume import Volume

if TYPE_CHECKING:
    from manifold3d import Manifold

_SEGMENTS = 32  # corners of a circle
_JOIN_MM = 1e-3  # how far the surface may move where its faces are joined


@dataclass(frozen=True)
class Bore:
    """A round hole.

    Attributes:
        middle_ras_mm: Its middle on the outer surface.
        axis_ras: RAS unit vector along it.
        radius_mm: Its radius.
        depth_mm: Thickness of the wall below its middle, behind which a folded part may have another one.
    """

    middle_ras_mm: tuple[float, float, float]
    axis_ras: tuple[float, float, float]
    radius_mm: float
    depth_mm: float

    @property
    def beyond_mm(self) -> float:
        """How far it reaches past both ends of its middle line, so that it is open where the wall slants by 60°."""
        return 2 * self.radius_mm + 1.0


def bored(mesh: Mesh, bores: Sequence[Bore]) -> Mesh:
    """Return a closed mesh, RAS mm, in which holes are nowhere narrower than they should be."""
    if not bores:
        return mesh
    cut = solid_of(mesh) - union(_cylinder(bore) for bore in bores)
    return without_debris(mesh_of(cut.simplify(_JOIN_MM)))


def _cylinder(bore: Bore) -> Manifold:
    from manifold3d import Manifold

    radius_mm = bore.radius_mm / float(np.cos(np.pi / _SEGMENTS))  # around the circle
    upright = Manifold.cylinder(bore.depth_mm + 2 * bore.beyond_mm, radius_mm, radius_mm, _SEGMENTS)
    upright = upright.translate([0, 0, -bore.depth_mm - bore.beyond_mm])
    return upright.transform(np.column_stack([axes_toward(np.array(bore.axis_ras)), bore.middle_ras_mm]))


def drill(
    field: np.ndarray,
    part: Volume,
    bore: Bore,
    *,
    kept_mm: Callable[[Sequence[np.ndarray]], np.ndarray] | None = None,
) -> None:
    """Cut a cylinder out of the field of a part, in place.

    Args:
        field: Field of the part.
        part: The volume whose grid the field is on.
        bore: The cylinder.
        kept_mm: Returns the distance to what is left standing in the cylinder, from offsets to its middle in voxels
            along the three axes; None if nothing is.
    """
    step_mm = float(part.spacing[0])
    middle = part.to_indices(np.array([bore.middle_ras_mm]))[0]
    normal = (part.affine[:3, :3] / part.spacing).T @ bore.axis_ras
    reach = int(np.ceil((bore.depth_mm + bore.beyond_mm + bore.radius_mm) / step_mm)) + 1
    box = tuple(slice(max(int(m) - reach, 0), max(int(m) + reach + 1, 0)) for m in middle)
    grid = np.ogrid[tuple(slice(s.start, min(s.stop, size)) for s, size in zip(box, field.shape, strict=True))]
    offsets = [axis - m for axis, m in zip(grid, middle, strict=True)]
    along = sum(offset * n for offset, n in zip(offsets, normal, strict=True))
    across = np.sqrt(np.maximum(sum(offset**2 for offset in offsets) - along**2, 0))
    ends_mm = np.abs(along * step_mm + bore.depth_mm / 2) - bore.depth_mm / 2 - bore.beyond_mm
    hole = np.maximum(across * step_mm - bore.radius_mm, ends_mm)
    if kept_mm is not None:
        hole = np.maximum(hole, -kept_mm(offsets))
    np.maximum(field[box], -hole.astype(field.dtype), out=field[box])
