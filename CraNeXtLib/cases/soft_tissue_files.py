"""The soft tissue over a part, in the description of the case and as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.fit.fit_check import FitCheck
from CraNeXtLib.implant.fit.soft_tissue import soft_tissue
from CraNeXtLib.implant.symmetry_plane import symmetry_plane
from CraNeXtLib.pictures.distance_pictures import views_from, write_distance_picture

TISSUE_PICTURE = "soft_tissue.png"
TISSUE_CAPTION = "How much thinner the soft tissue over the part is than on the other side; gray where not compared."


def write_soft_tissue(
    fit: FitCheck, ct: Volume, skull: Volume, folder: Path, *, picture: bool, case_id: str
) -> dict[str, Any]:
    """Measure the soft tissue over a part and, with a picture, write ``soft_tissue.png``.

    Args:
        fit: Fit of the part, with how far it lies outside the mirrored bone.
        ct: The CT in Hounsfield units.
        skull: Mask of the defective skull.
        folder: Folder to write into.
        picture: Whether to draw it.
        case_id: Name of the case, for the picture.

    Returns:
        ``soft_tissue`` for JSON; empty if there is no bone on the other side to compare with.
    """
    frame = skull_frame(skull)
    tissue = soft_tissue(fit.symmetry, ct, symmetry_plane(skull, frame))
    measured = tissue.as_dict()
    if measured is None:
        return {}
    if picture:
        outside = fit.symmetry.mesh.vertices.mean(axis=0) - frame.center
        write_distance_picture(
            tissue.thinner,
            folder / TISSUE_PICTURE,
            views=views_from(outside),
            title="Soft tissue",
            legend="Soft tissue over the part thinner than on the other side, in mm; negative: thicker",
            case_id=case_id,
        )
    return {"soft_tissue": measured}
