"""Previews: the skull is reconstructed on coarser voxels, and the result is brought back onto its own voxels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.reconstruct import Reconstruction

PREVIEW_MM = 1.0
"""Spacing up to which finer voxels are averaged for a preview."""


def coarse_skull(skull: Volume) -> Volume:
    """Return a skull on blocks of its voxels of up to ``PREVIEW_MM``, with the same field of view.

    Args:
        skull: Mask of type bool.
    """
    blocks = shrink(skull, PREVIEW_MM, crop=False)
    return blocks.with_voxels(blocks.voxels >= 0.5)


def fine_result(result: Reconstruction, skull: Volume) -> Reconstruction:
    """Return the reconstruction of a coarse skull with masks on the voxels of the skull itself, whose bone is kept.

    Args:
        result: Reconstruction of the :func:`coarse_skull`.
        skull: Mask of the defective skull, of type bool.
    """
    implant = np.zeros_like(skull.voxels)
    to_coarse = np.linalg.inv(result.implant.affine) @ skull.affine
    box, blocks = [], []
    for axis, side in enumerate(foreground_box(result.implant.voxels)):
        block = np.rint(to_coarse[axis, axis] * np.arange(skull.shape[axis]) + to_coarse[axis, 3]).astype(int)
        inside = np.flatnonzero((block >= side.start) & (block < side.stop))
        box.append(slice(inside[0], inside[-1] + 1))
        blocks.append(block[inside])
    implant[tuple(box)] = result.implant.voxels[np.ix_(*blocks)] & ~skull.voxels[tuple(box)]
    return replace(
        result,
        defective_skull=skull,
        implant=skull.with_voxels(implant),
        complete_skull=skull.with_voxels(skull.voxels | implant),
    )
