"""Skulls placed where the template lies, as the paper does before training (section V.A).

Only the affine changes; no mask is resampled. The grids follow the RAS directions, so they then cut every head out
alike. A model trained this way places every skull it is given in the same way. The published code has no such step (its
"registration" is a reorientation of the axes to RAS), which is why the default is ``"none"``.
"""

from __future__ import annotations

from CraNeXtLib.anatomy.head.placement import place_on_template
from CraNeXtLib.datasets.skull_pair import SkullPair
from CraNeXtLib.geometry.volume import Volume


def place_pair(pair: SkullPair, placement: str) -> SkullPair:
    """Place the masks of a case.

    The placement is found from the defective skull alone, because that is all there is of a patient.

    Raises:
        InputError: As :func:`CraNeXtLib.anatomy.head.placement.place_on_template`.
    """
    affine = place_on_template(pair.defective, placement).affine
    complete, defective, implant = (
        Volume(mask.voxels, affine) for mask in (pair.complete, pair.defective, pair.implant)
    )
    return SkullPair(complete, defective, implant)
