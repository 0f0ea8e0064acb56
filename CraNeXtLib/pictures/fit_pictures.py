"""Pictures of the fit check's maps."""

from __future__ import annotations

from pathlib import Path

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.fit.fit_check import FitCheck
from CraNeXtLib.pictures.distance_pictures import views_from, write_distance_picture

FIT_PICTURES = {
    "fit_gap.png": "Gap between the rim of the part and the bone; blue where they overlap.",
    "fit_thickness.png": "Thickness of the part to the nearest place of its other side, at least that of the "
    "thinnest wall; red where it is thinner than its limit.",
    "fit_symmetry.png": "How far the part protrudes beyond the mirrored contralateral side; blue where it is recessed.",
}
"""Captions of the pictures by file name."""

FIT_LEGENDS = {
    "gap_mm": "Gap to the bone in mm; negative: overlap",
    "thickness_mm": "Thickness in mm",
    "symmetry_mm": "Distance beyond the mirrored contralateral side in mm; negative: recessed",
}
"""What the colors mean, by the name of the map."""


def write_fit_pictures(fit: FitCheck, skull: Volume, folder: Path, *, case_id: str = "") -> None:
    """Draw gap, thickness and symmetry as the files of ``FIT_PICTURES``; gray where nothing could be measured.

    Args:
        fit: Result of ``check_fit``.
        skull: Mask of the defective skull.
        folder: Folder for the pictures.
        case_id: Name of the case, if there is one.

    Raises:
        InputError: If a file cannot be written.
    """
    outside = fit.gap.mesh.vertices.mean(axis=0) - skull_frame(skull).center
    plain, rim = views_from(outside), views_from(outside, oblique=True)
    drawn = (
        (fit.gap, rim, "Rim"),
        (fit.thickness, plain, "Thickness"),
        (fit.symmetry, plain, "Symmetry"),
    )
    for name, (distances, views, title) in zip(FIT_PICTURES, drawn, strict=True):
        least_mm = fit.numbers["limits"]["wall_mm"] if distances is fit.thickness else None
        legend = FIT_LEGENDS[distances.name]
        write_distance_picture(
            distances, folder / name, views=views, title=title, legend=legend, least_mm=least_mm, case_id=case_id
        )
