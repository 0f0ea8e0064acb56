"""Placing skulls where the template lies, as the paper does before training (section V.A).

Only the affine changes, no mask is resampled: the grids, which follow the RAS directions, then cut every head out
alike.
A model that was trained so places every skull that it is given so too. The published code has no such step (its
"registration" is turning the axes to RAS), which is why the default is ``"none"``.
"""

from __future__ import annotations

from typing import Literal

from CraNeXtLib.anatomy.head.placement import place_on_template
from CraNeXtLib.datasets.manifest import ROLES, SkullPair
from CraNeXtLib.geometry.volume import Volume

Placement = Literal["none", "rigid", "affine"]


def place_pair(pair: SkullPair, placement: str) -> SkullPair:
    """Place the masks of a case.

    Only the defective skull is looked at, as at a patient, whose complete skull nobody knows.

    Raises:
        InputError: As :func:`place`.
    """
    affine = place_on_template(pair.defective, placement).affine
    return SkullPair(**{role: Volume(getattr(pair, role).voxels, affine) for role in ROLES})
