"""Moving a skull onto the template, rigidly or affinely, before a network sees it."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.anatomy.head.alignment import align_surfaces
from CraNeXtLib.anatomy.head.bone_surface import bone_surface
from CraNeXtLib.anatomy.head.pose import bundled_template, template_surface
from CraNeXtLib.geometry.volume import Volume


def place_on_template(skull: Volume, placement: str) -> Volume:
    """Return a skull registered to the bundled template, with the same voxels and another affine.

    Args:
        skull: Mask of a skull, which may lack bone.
        placement: ``"none"`` leaves the skull where it is, ``"rigid"`` moves it as the paper did with SkullBreak, and
            ``"affine"`` also stretches it, as the paper did with its clinical cases.

    Raises:
        InputError: If the mask contains no bone surface, or the placement is unknown.
    """
    if placement == "none":
        return skull
    matrix = align_surfaces(bone_surface(skull), template_surface(bundled_template()), kind=placement).matrix
    affine = np.eye(4)
    affine[:3] = matrix[:3] @ skull.affine
    return Volume(skull.voxels, affine)
