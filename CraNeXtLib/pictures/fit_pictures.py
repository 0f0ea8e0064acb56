"""Pictures of a fit check's maps."""

from __future__ import annotations

from pathlib import Path

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.fit.fit_check import FitCheck
from CraNeXtLib.pictures.distance_pictures import views_from, write_distance_picture

FIT_PICTURES = {
    "fit_gap.png": "Gap between the part's rim and the bone; blue where they overlap.",
    "fit_thickness.png": "Thickness of the part.",
    "fit_symmetry.png": "How far the part stands out beyond the mirrored other side; blue where it stays behind.",
}
"""What the pictures show, by the names of their files."""


def write_fit_pictures(fit: FitCheck, skull: Volume, folder: Path) -> None:
    """Draw gap, thickness and symmetry into a folder, as ``FIT_PICTURES``; what could not be measured is grey.

    Args:
        fit: What ``check_fit`` returned.
        skull: Mask of the defective skull.
        folder: The folder.
    """
    outside = fit.gap.mesh.vertices.mean(axis=0) - skull_frame(skull).center
    plain, rim = views_from(outside), views_from(outside, oblique=True)
    drawn = (
        (fit.gap, rim, "Rim", "Gap to the bone in mm; negative where it overlaps"),
        (fit.thickness, plain, "Thickness", "Thickness in mm"),
        (fit.symmetry, plain, "Symmetry", "mm beyond the mirrored other side; negative where it stays behind"),
    )
    for name, (distances, views, title, legend) in zip(FIT_PICTURES, drawn, strict=True):
        write_distance_picture(distances, folder / name, views=views, title=title, legend=legend)
