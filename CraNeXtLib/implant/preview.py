"""Previews: the skull is reconstructed on coarser voxels, and the result is brought back onto its own voxels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from CraNeXtLib.geometry.box import box_from, enclosing_box, foreground_box
from CraNeXtLib.geometry.lattice import moved, on_box, whole_box
from CraNeXtLib.geometry.resampling import block_mean, voxels_within
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.padding import added_voxels, growth_notes
from CraNeXtLib.implant.reconstruct import Reconstruction

PREVIEW_MM = 1.0
"""Spacing up to which finer voxels are averaged for a preview."""


def coarse_skull(skull: Volume) -> Volume:
    """Return a skull on blocks of its voxels of up to ``PREVIEW_MM``, with at least the same field of view.

    The blocks are counted from the bone and not from the edge of the volume, so that a volume cropped to the bone gives
    the same blocks.

    Args:
        skull: Mask of type bool, not empty.
    """
    block = voxels_within(PREVIEW_MM, skull.spacing)
    inside = foreground_box(skull.voxels)
    blocks = block_mean(skull.crop(inside), block)
    first = np.array([side.start for side in inside])
    whole = box_from(-first // block, -(-(skull.shape - first) // block))
    return on_box(blocks.with_voxels(blocks.voxels >= 0.5), whole)


def fine_result(result: Reconstruction, skull: Volume) -> Reconstruction:
    """Return the reconstruction of a coarse skull with masks on the voxels of the skull itself, whose bone is kept.

    Args:
        result: Reconstruction of the :func:`coarse_skull`.
        skull: Mask of the defective skull, of type bool.

    Returns:
        Masks on the skull's grid, grown where the implant reaches beyond it; the expected error stays coarse.
    """
    block = voxels_within(PREVIEW_MM, skull.spacing)
    coarse = result.implant.crop(foreground_box(result.implant.voxels))
    voxels = coarse.voxels
    for axis, size in enumerate(block):
        voxels = voxels.repeat(size, axis=axis)
    first = skull.to_indices(coarse.to_ras(np.zeros((1, 3))))[0] - (block - 1) / 2
    starts = np.rint(first).astype(int)
    around = box_from(starts, starts + voxels.shape)
    voxels &= ~on_box(skull, around).voxels
    part = foreground_box(voxels)
    fine = moved(part, starts)
    box = enclosing_box([whole_box(skull), fine])
    bone = on_box(skull, box)
    implant = bone.zeros(bool)
    implant[moved(fine, [-side.start for side in box])] = voxels[part]
    added = added_voxels(box, skull)
    notes = growth_notes(result.added_voxels, skull)
    return replace(
        result,
        defective_skull=bone,
        implant=bone.with_voxels(implant),
        added_voxels=added,
        warnings=(*(warning for warning in result.warnings if warning not in notes), *growth_notes(added, skull)),
    )
