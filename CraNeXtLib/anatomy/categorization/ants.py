"""Volumes as ANTs knows them. ANTs brings an ITK of its own: only for processes that no other ITK lives in."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from CraNeXtLib.geometry.volume import Volume

LPS = np.diag([-1.0, -1, 1, 1])


def import_ants() -> Any:
    """Return ANTsPy; Slicer's plugins would crash the ITK inside it, so it isn't told of them."""
    os.environ.pop("ITK_AUTOLOAD_PATH", None)
    import ants

    return ants


def ants_image(volume: Volume) -> Any:
    """Return a volume as an ANTs image, float32, whose coordinates are LPS."""
    affine = LPS @ volume.affine
    return import_ants().from_numpy(
        np.ascontiguousarray(volume.voxels, dtype=np.float32),
        origin=affine[:3, 3].tolist(),
        spacing=volume.spacing.tolist(),
        direction=affine[:3, :3] / volume.spacing,
    )
