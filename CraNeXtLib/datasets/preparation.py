"""Placing skulls where the template lies, as the paper does before training (section V.A).

Only the affine changes, no mask is resampled: the grids, which follow the RAS directions, then cut every head out
alike.
A model that was trained so places every skull that it is given so too. The published code has no such step (its
"registration" is turning the axes to RAS), which is why the default is ``"none"``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np

from CraNeXtLib.alignment import Surface, align_surfaces, bone_surface
from CraNeXtLib.datasets.manifest import ROLES, SkullPair
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.head.head_pose import bundled_template

Placement = Literal["none", "rigid", "affine"]


def place(skull: Volume, placement: str) -> Volume:
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


def place_pair(pair: SkullPair, placement: str) -> SkullPair:
    """Place the masks of a case.

    Only the defective skull is looked at, as at a patient, whose complete skull nobody knows.

    Raises:
        InputError: As :func:`place`.
    """
    affine = place(pair.defective, placement).affine
    return SkullPair(**{role: Volume(getattr(pair, role).voxels, affine) for role in ROLES})


@lru_cache(maxsize=1)
def _template_surface() -> Surface:
    template = bundled_template()
    return bone_surface(template.with_voxels(template.voxels > 0))
