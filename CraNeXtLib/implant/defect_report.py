"""What is reported about each defect of a skull: where it lies, how large it is, and what the implant leaves open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from CraNeXtLib.anatomy.head.pose import HeadPose
from CraNeXtLib.evaluation.ray_maps import grown, shrunk
from CraNeXtLib.geometry.components import components_with
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.defect_view import DefectView

PINHOLE_MM = 6.0
"""Width up to which an opening on the other side is a foramen or a gap in thin bone, and tells nothing."""
ASYMMETRY_MM = 5.0
"""How far the outlines of the same opening may differ between left and right, as those of the orbits do."""
VARIATION_MM = 10.0
"""How far the outlines of the same opening may differ between a skull and the template."""
MOST_OPEN_CM2 = 0.5
"""Area up to which what an implant leaves open is no cause for a warning."""


def describe_defect(piece: Volume, skull: Volume, complete: Volume, pose: HeadPose) -> dict[str, Any]:
    """Describe the defect that one piece of the implant fills, for ``result.json``.

    The opening is where rays from the middle of the head hit no bone, so it does not depend on the model: in the
    defective skull it is the hole itself, in the complete skull what the implant leaves open. Openings that every skull
    has, such as an orbit beside the hole, belong to neither.

    Args:
        piece: Mask of the piece, cropped or not.
        skull: Mask of the defective skull.
        complete: Mask of the complete skull, of the same geometry.
        pose: Pose of the template on the skull.

    Returns:
        ``centre_ras_mm``, ``perimeter_mm`` of the piece's outline, and ``opening_cm2`` with ``before`` and ``after``;
        outline and opening as seen from the middle of the head.
    """
    points = piece.to_ras(np.argwhere(piece.voxels))
    view = DefectView.around(points, pose.template_center)
    (radii,) = view.outer_radii(piece)
    footprint = view.filled(radii)

    def openings(*volumes: Volume) -> list[np.ndarray]:
        return [~view.filled(outer) for outer in view.outer_radii(*volumes)]

    before, after = openings(skull, complete)
    own = before
    if after.any():  # Most implants leave nothing open, and each look takes a fifth of a second.
        added = pose.mirrored(complete.with_voxels(complete.voxels & ~skull.voxels))
        (opposite,), (outside,), (template,) = map(openings, (pose.mirrored(complete), added, pose.placed_template))
        own = before & ~(after & natural_openings(opposite, ~outside & view.inside, template))
    hole = components_with(own, footprint & own)
    return {
        "centre_ras_mm": np.round(points.mean(axis=0), 1).tolist(),
        "perimeter_mm": round(view.perimeter_mm(footprint), 1),
        "opening_cm2": {
            "before": round(view.area_cm2(hole, radii), 2),
            "after": round(view.area_cm2(hole & after, radii), 2),
        },
    }


def opening_warnings(defects: Sequence[Mapping[str, Any]], checklist: Mapping[str, Any]) -> list[str]:
    """Return a warning if an implant leaves its defect open.

    The opening alone would also be a cleft of the facial bones beside the hole, so the checklist has to see a gap, too.

    Args:
        defects: From :func:`describe_defect`, one for each piece.
        checklist: The implant's checklist as a dictionary, whose first criterion is the widest gap.
    """
    area, gap = sum(defect["opening_cm2"]["after"] for defect in defects), checklist["criteria"][0]
    if area <= MOST_OPEN_CM2 or gap["passed"]:
        return []
    place = ", ".join(f"{coordinate:.0f}" for coordinate in gap["place_ras_mm"])
    advice = "look at it there, and extend the implant by hand before it is made"
    return [f"The implant leaves {area:.1f} cm² of the defect open, most at RAS {place} mm; {advice}."]


def natural_openings(opposite: np.ndarray, added: np.ndarray, template: np.ndarray) -> np.ndarray:
    """Return where the skull is open by nature, from images of one shape.

    It is where its other side is open, too, unless that opening lies at an implant, which may have left it, and the
    template has none there.

    Args:
        opposite: Openings of the mirrored complete skull, bool of shape (rows, columns).
        added: Where the mirrored implants are.
        template: Openings of the template on the skull.
    """
    left = components_with(opposite, opposite & grown(added, PINHOLE_MM / 2))
    natural = opposite & (~left | grown(template, VARIATION_MM))
    return grown(shrunk(natural, PINHOLE_MM / 2), PINHOLE_MM / 2 + ASYMMETRY_MM)
