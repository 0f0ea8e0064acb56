"""A reconstruction whose implant is the donor's where that has bone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from CraNeXtLib.anatomy.categorization.defect_location import analyze_defect
from CraNeXtLib.geometry.components import pieces_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.defect_choice import FoundDefect, with_pieces
from CraNeXtLib.implant.donor.combine import combine
from CraNeXtLib.implant.donor.placement import PlacedDonor, place_donor
from CraNeXtLib.implant.reconstruct import Reconstruction

_WHOLE_PERCENT = 99.0


@dataclass(frozen=True, eq=False)
class Donation:
    """What a donor gave.

    Attributes:
        placed: Where the donor lies, and how well it matches.
        donated: Mask of its part of the implant, on the grid of the result.
        percent: How much of the implant's volume that is.
    """

    placed: PlacedDonor
    donated: Volume
    percent: float

    def as_dict(self) -> dict[str, Any]:
        """Return the donation for JSON."""
        return {
            "validated_clinically": False,
            "percent": round(self.percent, 1),
            "rms_mm": round(self.placed.rms_mm, 2),
            "p95_mm": round(self.placed.p95_mm, 2),
            "limit_mm": round(self.placed.limit_mm, 2),
            "compared_percent": round(self.placed.compared_percent, 1),
        }


def with_donor(result: Reconstruction, donor: Volume) -> tuple[Reconstruction, Donation]:
    """Return a reconstruction with the donor's bone for an implant, where it has some, and what it gave.

    The error that the model expects and its agreement with the mirrored skull are those of its own implant, and are
    left out, as are the warnings of that error where no bone of the model is left.

    Args:
        result: The reconstruction by a model.
        donor: Mask of the same patient's skull before the craniectomy, of any geometry, of type bool.

    Raises:
        InputError: If the donor does not match the skull, or has no bone where the skull lacks it.
    """
    skull, pose = result.defective_skull, result.pose
    placed = place_donor(donor, skull, result.implant, to_upright=pose.to_upright)
    combined = combine(placed.bone, skull, result.implant, pose.template_center)
    donation = Donation(placed, combined.donated, combined.percent)
    warnings = result.warnings
    if donation.percent >= _WHOLE_PERCENT:
        doubts = result.expected_error.warnings if result.expected_error is not None else ()
        warnings = tuple(warning for warning in warnings if warning not in doubts)
    else:
        made = f"{100 - donation.percent:.0f} % of the implant"
        warnings += (f"The donor has no bone in {made}, which the model made; look at the border between the two.",)
    changed = replace(
        result,
        implant=combined.implant,
        warnings=warnings,
        agreement=None,
        expected_error=None,
        found_defects=_found_defects(result, combined.implant),
    )
    return changed, donation


def _found_defects(result: Reconstruction, implant: Volume) -> tuple[FoundDefect, ...]:
    """Return the defects with the numbers that the model's implant gave them, those made in the order of the pieces."""
    made = [defect for defect in result.found_defects if defect.made]
    owners = implant.zeros(np.uint8)
    for number, piece in enumerate(pieces_of(result.implant), 1):
        owners[with_pieces(implant, [piece]).voxels] = number
    described = []
    for piece in pieces_of(implant):
        shares = np.bincount(owners[with_pieces(implant, [piece]).voxels], minlength=len(made) + 1)[1:]
        points = piece.to_ras(np.argwhere(piece.voxels))
        described.append(
            replace(
                made[int(shares.argmax())],
                centre_ras_mm=tuple(points.mean(axis=0).round(1).tolist()),
                location=analyze_defect(piece, result.pose),
            )
        )
    return (*described, *(defect for defect in result.found_defects if not defect.made))
