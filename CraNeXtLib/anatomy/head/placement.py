"""Moving a skull onto the template, rigidly or affinely, before a network sees it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from CraNeXtLib.anatomy.head.alignment import Surface, align_surfaces, bone_surface
from CraNeXtLib.anatomy.head.pose import bundled_template
from CraNeXtLib.geometry.volume import Volume


def place_on_template(skull: Volume, placement: str) -> Volume:
    """Return a skull where the bundled template lies.

    Args:
        skull: Mask of a skull, which may lack bone.
        placement: ``"none"`` leaves it where it is, ``"rigid"`` moves it as the paper did SkullBreak, ``"affine"``
            also stretches it as the paper did its clinical cases.

    Raises:
        InputError: If the mask holds no bone surface, or the placement is unknown.
    """
    if placement == "none":
        return skull
    matrix = align_surfaces(bone_surface(skull), _template_surface(), kind=placement).matrix
    affine = np.eye(4)
    affine[:3] = matrix[:3] @ skull.affine
    return Volume(skull.voxels, affine)


@lru_cache(maxsize=1)
def _template_surface() -> Surface:
    template = bundled_template()
    return bone_surface(template.with_voxels(template.voxels > 0))
