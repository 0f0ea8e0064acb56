"""The outer and inner side of an implant made fair, as fields in mm on a fine grid."""

from __future__ import annotations

from typing import NamedTuple

from CraNeXtLib.geometry.distance_field import field_of
from CraNeXtLib.geometry.fairing import faired
from CraNeXtLib.geometry.volume import Volume

TOLERANCE_VOXELS = 0.5
"""How far the sides may move, in voxels of the mask, which places them to within as much."""


class FairSides(NamedTuple):
    """Fields, negative inside: exact near their surfaces, only the sign farther away.

    Attributes:
        head: Bone and piece together, fair around the piece.
        piece: The piece, its rim as it was.
    """

    head: Volume
    piece: Volume


def fair_sides(piece: Volume, bone: Volume, grid: Volume) -> FairSides:
    """Return the fields of a piece with fair sides.

    It is the head's surface that is made fair. It goes on across the rim, where the piece's own has an edge, which a
    filter would round off. The piece moves with the head.

    Args:
        piece: Mask of the piece.
        bone: Mask of the skull and of the other pieces, of the same geometry.
        grid: Any field of the grid, whose voxels are cubes.
    """
    head, alone = field_of(bone.with_voxels(bone.voxels | piece.voxels), grid), field_of(piece, grid)
    fair = faired(head, TOLERANCE_VOXELS * float(piece.spacing.mean()), alone.voxels < alone.voxels.max())
    return FairSides(fair, grid.with_voxels(alone.voxels + fair.voxels - head.voxels))
