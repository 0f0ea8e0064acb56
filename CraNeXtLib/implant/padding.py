"""Padding for a skull whose volume ends at the bone, such as one cropped to the segment's extent.

A model is asked on a grid with enough padding on every side, so that no step sees the edge of the volume. The results
then keep the volume's own grid, grown only where the implant reaches beyond it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CraNeXtLib.anatomy.head.pose import HeadPose, is_plausible
from CraNeXtLib.anatomy.head.scanned_box import scanned_box
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.affine import OPPOSITE, SIDE_NAMES, apply_affine
from CraNeXtLib.geometry.box import Box, box_from, enclosing_box, foreground_box
from CraNeXtLib.geometry.lattice import moved, on_box, whole_box
from CraNeXtLib.geometry.volume import Volume

PADDING_MM = 20.0
"""Least distance of the bone, and of the template's brain case, from the edge of the grid that a model is asked on."""
_MOST_VOXELS = 2e9
_FACE = 1  # label of the template's face, which no implant replaces


AddedVoxels = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
"""Voxels added before the first and after the last one, along each array axis."""
NOTHING_ADDED: AddedVoxels = ((0, 0), (0, 0), (0, 0))

_NOTABLE_ML = 0.05  # Less than this beyond the edge is the blunt end of an implant that stops there.


@dataclass(frozen=True, eq=False)
class PaddedSkull:
    """A skull with padding around it.

    Attributes:
        skull: The mask with the voxels of the given volume and more around them.
        given: The mask as it was given.
        box: Box of ``skull`` in the indices of ``given``.
    """

    skull: Volume
    given: Volume
    box: Box

    def box_with(self, implant: Volume) -> Box:
        """Return the box of the given volume, grown as far as an implant reaches beyond it, in its own indices.

        Args:
            implant: Mask of the geometry of ``skull``, not empty.
        """
        starts = [side.start for side in self.box]
        return enclosing_box([whole_box(self.given), moved(foreground_box(implant.voxels), starts)])

    def part(self, box: Box) -> Box:
        """Return a box of the given volume's indices in those of ``skull``."""
        return moved(box, [-side.start for side in self.box])

    def edge_warnings(self, implant: Volume) -> list[str]:
        """Return what the user should know about an implant at the edge of the scan, as sentences.

        Args:
            implant: Mask of the geometry of ``skull``, not empty.
        """
        scan = self.part(scanned_box(self.given))
        inside, well_inside = (
            np.count_nonzero(implant.voxels[tuple(slice(s.start + layers, s.stop - layers) for s in scan)])
            for layers in (0, 1)
        )
        total = np.count_nonzero(implant.voxels)
        ml = implant.voxel_volume_mm3 / 1000
        warnings = []
        if (total - inside) * ml >= _NOTABLE_ML:
            warnings.append(
                f"{(total - inside) * ml:.1f} of {total * ml:.1f} mL of the implant lie beyond the edge of the scan, "
                "where the model had to guess; inspect the implant there."
            )
        elif well_inside < total:
            warnings.append(
                "The implant reaches the edge of the scan, so the defect may be larger than the scan shows; inspect "
                "the implant there."
            )
        return warnings + growth_notes(added_voxels(self.box_with(implant), self.given), self.given)


def added_voxels(box: Box, given: Volume) -> AddedVoxels:
    """Return by how many voxels a box, in the indices of a volume, is larger than the volume on each side."""
    i, j, k = ((-side.start, side.stop - size) for side, size in zip(box, given.shape, strict=True))
    return i, j, k


def growth_notes(added: AddedVoxels, given: Volume) -> list[str]:
    """Return a sentence that says where the grid of the results is larger than that of the input, if it is."""
    sides = []
    for (before, after), code in zip(added, given.axis_codes, strict=True):
        sides += [(before, SIDE_NAMES[OPPOSITE[code]]), (after, SIDE_NAMES[code])]
    grown = [f"{count} at the {side}" for count, side in sides if count]
    if not grown:
        return []
    where = grown[0] if len(grown) == 1 else f"{', '.join(grown[:-1])} and {grown[-1]}"
    note = "The implant reaches beyond the volume, so the results have the same voxels on a larger grid (voxels added: "
    return [f"{note}{where})."]


def padded_for_implant(skull: Volume, pose: HeadPose) -> PaddedSkull:
    """Return a skull with at least ``PADDING_MM`` around its bone and around the brain case that the template predicts.

    Args:
        skull: Mask of the defective skull, of type bool.
        pose: Pose of the template on it; not used where it is implausible.

    Raises:
        InputError: If the voxels are so fine that a whole head of them would not fit into memory.
    """
    margin = np.ceil(PADDING_MM / skull.spacing).astype(int)
    boxes = [whole_box(skull), _grown(foreground_box(skull.voxels), margin)]
    if is_plausible(pose):
        brain_case = np.argwhere(pose.template.voxels > _FACE)
        points = skull.to_indices(apply_affine(pose.template_to_skull, pose.template.to_ras(brain_case)))
        low, high = np.floor(points.min(axis=0)).astype(int), np.ceil(points.max(axis=0)).astype(int)
        boxes.append(_grown(box_from(low, high + 1), margin))
    box = enclosing_box(boxes)
    if np.prod([float(side.stop - side.start) for side in box]) > _MOST_VOXELS:
        spacing = " × ".join(f"{side:.3g}" for side in skull.spacing)
        raise InputError(f"Voxels of {spacing} mm are too fine for a whole head; resample the mask to about 0.4 mm.")
    return PaddedSkull(on_box(skull, box), skull, box)


def _grown(box: Box, margin: np.ndarray) -> Box:
    return box_from([side.start for side in box] - margin, [side.stop for side in box] + margin)
