"""What is reported about each defect of a skull: where it lies, how large it is, and what the implant leaves open."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from CraNeXtLib.anatomy.categorization.defect_location import analyze_defect
from CraNeXtLib.anatomy.head.pose import HeadPose
from CraNeXtLib.geometry.components import components_with
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.defect_view import DefectView


def describe_defect(piece: Volume, skull: Volume, complete: Volume, pose: HeadPose) -> dict[str, Any]:
    """Describe the defect that one piece of the implant fills, for ``result.json``.

    The opening is where rays from the middle of the head hit no bone, so it does not depend on the model: in the
    defective skull it is the hole itself, in the complete skull what the implant leaves open.

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
    before, after = (~view.filled(view.outer_radii(view.crop(volume))) for volume in (skull, complete))
    hole = components_with(before, footprint & before)
    return {
        "centre_ras_mm": np.round(points.mean(axis=0), 1).tolist(),
        **asdict(analyze_defect(piece, pose)),
        "perimeter_mm": round(view.perimeter_mm(footprint), 1),
        "opening_cm2": {
            "before": round(view.area_cm2(hole, radii), 2),
            "after": round(view.area_cm2(hole & after, radii), 2),
        },
    }
