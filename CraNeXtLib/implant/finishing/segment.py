"""One segment of a piece, and the segments that are in place before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CraNeXtLib.geometry.distance_field import FAR_MM, distance
from CraNeXtLib.geometry.reslicing import reslice
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing.joints import Joints

_SPARE_STEPS = 0.25
"""What is added to the gap, in steps of the grid, since the surfaces of two fields are rounded at corners."""


@dataclass(frozen=True, eq=False)
class Segment:
    """A segment of a piece.

    Args:
        number: Its number, from 0, in the order of insertion.
        joints: Where the piece is cut.
        mask: Mask of the segment, on the voxels of the input.
        obstacles: Mask of the skull, of other pieces and of the segments before, of the same geometry.
        earlier: Fields of the finished segments before, each on its own grid.
    """

    number: int
    joints: Joints
    mask: Volume
    obstacles: Volume
    earlier: tuple[Volume, ...]

    def cut_out(self, field: np.ndarray, grid: Volume) -> np.ndarray:
        """Return the field of the piece without its other segments.

        Args:
            field: Field of the piece.
            grid: Any field of its grid.
        """
        return np.maximum(field, self.joints.segment(self.number, grid))

    def distance_mm(self, bone_mm: Volume, clearance_mm: float) -> Volume:
        """Return the distance to bone or, where that counts more, to the segments before.

        The latter is shifted so that the gap of the joint is kept where the clearance would be kept to bone.

        Args:
            bone_mm: Distance to the bone.
            clearance_mm: Clearance to the bone.
        """
        gap_mm = self.joints.settings.joint_gap_mm + _SPARE_STEPS * float(bone_mm.spacing[0])
        nearest, shift = bone_mm.voxels, np.float32(clearance_mm - gap_mm)
        for part in self.earlier:
            to_part = np.linalg.inv(part.affine) @ bone_mm.affine
            field = reslice(part.voxels, to_part, bone_mm.shape, outside=FAR_MM)
            nearest = np.minimum(nearest, distance(bone_mm.with_voxels(field)).voxels + shift)
        return bone_mm.with_voxels(nearest)
