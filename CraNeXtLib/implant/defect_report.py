"""What is reported about each defect of a skull: where it lies, how large it is, and what the implant leaves open."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from CraNeXtLib.anatomy.categorization.defect_location import analyze_defect
from CraNeXtLib.anatomy.head.pose import HeadPose
from CraNeXtLib.evaluation.ray_maps import grown, shrunk
from CraNeXtLib.geometry.components import components_with
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.defect_view import DefectView

PINHOLE_MM = 6.0
"""Width up to which an opening on the other side is a foramen or a gap in thin bone, and tells nothing."""
ASYMMETRY_MM = 5.0
"""How far the outlines of the same opening may differ between left and right, as those of the orbits do."""


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
        ``centre_ras_mm``, the fields of ``DefectAnalysis``, ``perimeter_mm`` of the piece's outline, and
        ``opening_cm2`` with ``before`` and ``after``; outline and opening as seen from the middle of the head.
    """
    points = piece.to_ras(np.argwhere(piece.voxels))
    view = DefectView.around(points, pose.template_center)
    radii = view.outer_radii(piece)
    footprint = view.filled(radii)
    before, after, opposite = (
        ~view.filled(view.outer_radii(view.crop(volume))) for volume in (skull, complete, pose.mirrored(complete))
    )
    own = before & ~(after & natural_openings(opposite))
    hole = components_with(own, footprint & own)
    return {
        "centre_ras_mm": np.round(points.mean(axis=0), 1).tolist(),
        **asdict(analyze_defect(piece, pose)),
        "perimeter_mm": round(view.perimeter_mm(footprint), 1),
        "opening_cm2": {
            "before": round(view.area_cm2(hole, radii), 2),
            "after": round(view.area_cm2(hole & after, radii), 2),
        },
    }


def natural_openings(opposite: np.ndarray) -> np.ndarray:
    """Return where the skull is open by nature, from where it is open on the other side; two images of one shape.

    Args:
        opposite: Openings of the mirrored complete skull, bool of shape (rows, columns).
    """
    return grown(shrunk(opposite, PINHOLE_MM / 2), PINHOLE_MM / 2 + ASYMMETRY_MM)
