"""The implant from the donor where it has bone, and from the model elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import Box, box_around, foreground_box
from CraNeXtLib.geometry.components import pieces_of, without_specks
from CraNeXtLib.geometry.reslicing import reslice
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.defect_view import DefectView

REACH_MM = 10.0
"""How far the donor's bone may be from the model's implant."""

_OVERLAP_PIXELS = 2  # of the view, which are about 1 mm wide
_LEAST_MM3 = 200.0  # Slivers along the rim, which the registration's residual leaves, are no bone to make.


@dataclass(frozen=True, eq=False)
class DonatedImplant:
    """An implant of two sources, on the grid of the skull.

    Attributes:
        implant: Mask of the implant, bool.
        donated: Mask of what the donor gave, bool; the rest of the implant is the model's.
    """

    implant: Volume
    donated: Volume

    @property
    def percent(self) -> float:
        """How much of the implant's volume the donor gave."""
        return 100 * float(self.donated.voxels.sum() / self.implant.voxels.sum())


def combine(donor: Volume, skull: Volume, implant: Volume, center: np.ndarray) -> DonatedImplant:
    """Replace the model's implant by the donor's bone in every direction from the middle of the head that has some.

    Only the defect is filled: directions that the model's implant covers, and bone within ``REACH_MM`` of it. What the
    two bones of one patient differ in elsewhere, such as where they were segmented differently, is left alone.

    Args:
        donor: Mask of the donor where it lies on the skull.
        skull: Mask of the defective skull, of type bool.
        implant: The model's implant, of the same geometry.
        center: Middle of the head, RAS mm, shape (3,).

    Raises:
        InputError: If the donor has no bone in the defect.
    """
    bone = _on_grid(donor, skull)
    free = bone & ~skull.voxels
    given, replaced = skull.zeros(bool), skull.zeros(bool)
    for piece in pieces_of(implant):
        box = _reach(piece, skull)
        part = implant.crop(box)
        own = np.zeros(part.shape, bool)
        own[tuple(np.rint(part.to_indices(piece.to_ras(np.argwhere(piece.voxels)))).astype(int).T)] = True
        near = ndimage.distance_transform_edt(~own, sampling=part.spacing) <= REACH_MM
        view = DefectView.around(piece.to_ras(np.argwhere(piece.voxels)), center)
        covered = _seen(view, part.with_voxels(own))
        candidates = free[box] & near
        candidates[candidates] = covered[_pixels(view, part, candidates)]
        candidates = without_specks(candidates, part.voxel_volume_mm3, least_mm3=_LEAST_MM3)
        if not candidates.any():
            continue
        donated = _without_border(view, _seen(view, part.with_voxels(candidates)), covered)
        given[box] |= candidates
        replaced[box] |= _marked(own, donated[_pixels(view, part, own)])
    if not given.any():
        raise InputError("The --donor has no bone where the skull lacks it; leave it out, or choose an earlier scan.")
    whole = given | (implant.voxels & ~replaced)
    whole = without_specks(whole, skull.voxel_volume_mm3, least_mm3=_LEAST_MM3)
    return DonatedImplant(implant.with_voxels(whole), implant.with_voxels(given & whole))


def _on_grid(donor: Volume, skull: Volume) -> np.ndarray:
    """Return the donor's bone at the voxels of the skull, bool."""
    to_indices = np.linalg.inv(donor.affine) @ skull.affine
    return reslice(donor.voxels, to_indices, skull.shape) > 0.5


def _reach(piece: Volume, skull: Volume) -> Box:
    """Return the box of a piece and ``REACH_MM`` around it in the skull's indices."""
    inner = foreground_box(piece.voxels)
    corners = np.array([[side.start for side in inner], [side.stop - 1 for side in inner]])
    indices = skull.to_indices(piece.to_ras(corners))
    margin = REACH_MM / skull.spacing + 1
    return box_around(np.array([indices.min(axis=0) - margin, indices.max(axis=0) + margin]), skull.shape)


def _seen(view: DefectView, mask: Volume) -> np.ndarray:
    """Return which of the view's directions meet a mask, bool of shape (M,)."""
    return (view.outer_radii(mask)[0] > 0)[view.inside]


def _without_border(view: DefectView, donated: np.ndarray, covered: np.ndarray) -> np.ndarray:
    """Return the directions of the donor's bone without those beside the model's, where both are kept and meet."""
    image = np.ones(view.inside.shape, bool)
    image[view.inside] = donated | ~covered  # the rim of the hole is no border between the two
    inner: np.ndarray = ndimage.binary_erosion(image, iterations=_OVERLAP_PIXELS, border_value=1)
    return inner[view.inside]


def _pixels(view: DefectView, part: Volume, mask: np.ndarray) -> np.ndarray:
    """Return the index of the direction in which each voxel of a mask lies, in the order of the mask's voxels."""
    offsets = part.to_ras(np.argwhere(mask)) - view.center
    offsets /= np.linalg.norm(offsets, axis=1, keepdims=True)
    return cKDTree(view.directions).query(offsets)[1]


def _marked(mask: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return a mask of those of its voxels that are chosen."""
    marked = np.zeros(mask.shape, bool)
    marked[mask] = chosen
    return marked
