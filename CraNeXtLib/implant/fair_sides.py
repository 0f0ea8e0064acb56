"""The outer and inner side of an implant made fair, as a surface and as fields in mm on a fine grid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from CraNeXtLib.geometry.distance_field import aligned_grid, field_of, fine_step_mm, span_of
from CraNeXtLib.geometry.fairing import FairSurface
from CraNeXtLib.geometry.mask import mask
from CraNeXtLib.geometry.smoothed_mask import OUTERMOST
from CraNeXtLib.geometry.volume import Volume

TOLERANCE_VOXELS = 0.5
"""How far the sides may move, in voxels of the mask, which places them to within as much."""

_MARGIN_MM = 4.0  # around the implant, so that its sides are made fair together with the bone beside it


class FairSides(NamedTuple):
    """Fields, negative inside: exact near their surfaces, only the sign farther away.

    Attributes:
        head: Bone and piece together, fair around the piece.
        piece: The piece, its rim as it was.
    """

    head: Volume
    piece: Volume


def fair_head(implant: Volume, skull: Volume) -> FairSurface:
    """Return the fair surface of bone and implant together, around the implant.

    It is the head's surface that is made fair. It goes on across the rim, where the implant's own has an edge, which a
    filter would round off.

    Args:
        implant: Mask of the implant, not empty.
        skull: Mask of the defective skull, of the same geometry.
    """
    points, voxel_mm = span_of(implant), float(implant.spacing.mean())
    thinnest = np.linalg.eigh(np.cov(points.T))[1][:, 0]  # for a small grid
    margin_mm = max(_MARGIN_MM, (float(OUTERMOST) + 1) * voxel_mm)
    grid = aligned_grid(points, thinnest, margin_mm=margin_mm, step_mm=fine_step_mm(implant))
    head = implant.with_voxels(mask(implant) | mask(skull))
    field = field_of(head, grid)
    if not (field.voxels < 0).any():  # a crumb between the voxels of the grid
        field = field_of(head, grid, whole=True)
    return FairSurface.of(field, TOLERANCE_VOXELS * voxel_mm)


def fair_sides(piece: Volume, bone: Volume, grid: Volume, surface: FairSurface) -> FairSides:
    """Return the fields of a piece with fair sides; it moves with the head.

    Args:
        piece: Mask of the piece.
        bone: Mask of the skull and of the other pieces, of the same geometry.
        grid: Any field of the grid, whose voxels are cubes.
        surface: The fair surface of all of them together.
    """
    head, alone = field_of(bone.with_voxels(bone.voxels | piece.voxels), grid), field_of(piece, grid)
    fair = surface.faired(head, alone.voxels < alone.voxels.max())
    return FairSides(fair, grid.with_voxels(alone.voxels + fair.voxels - head.voxels))
