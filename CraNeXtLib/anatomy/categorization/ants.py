"""Volumes as ANTs represents them.

ANTs brings its own ITK, so only processes without another ITK may import it, such as the worker.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from CraNeXtLib.geometry.volume import Volume

LPS = np.diag([-1.0, -1, 1, 1])
"""Matrix between RAS and LPS points; it is its own inverse."""
_REPRODUCIBLE = {"ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1", "ANTS_RANDOM_SEED": "1"}
"""Without either of them, equal registrations differ. ANTsPy ignores its argument ``random_seed``."""


def import_ants() -> Any:
    """Return ANTsPy, set up so that equal registrations give equal results.

    Its ITK reads the number of threads once, when it is first used. It must not load Slicer's plugins, which would
    crash it.
    """
    os.environ.pop("ITK_AUTOLOAD_PATH", None)
    os.environ.update(_REPRODUCIBLE)
    import ants

    return ants


def ants_image(volume: Volume) -> Any:
    """Return a volume as a float32 ANTs image, whose coordinates are LPS."""
    affine = LPS @ volume.affine
    return import_ants().from_numpy(
        np.ascontiguousarray(volume.voxels, dtype=np.float32),
        origin=affine[:3, 3].tolist(),
        spacing=volume.spacing.tolist(),
        direction=affine[:3, :3] / volume.spacing,
    )
