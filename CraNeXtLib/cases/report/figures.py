"""The pictures of a report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.pictures.implant_pictures import SkullViews, write_implant_picture
from CraNeXtLib.pictures.slice_pictures import write_slice_picture


@dataclass(frozen=True)
class Figure:
    """A picture with its caption.

    Args:
        path: PNG file.
        caption: One sentence that describes it.
    """

    path: Path
    caption: str


def draw_figures(
    views: SkullViews,
    skull: Volume,
    implant: Volume,
    folder: Path,
    *,
    title: str,
    case_id: str,
    ct: Volume | None = None,
) -> list[Figure]:
    """Draw ``implant.png``, ``six_sides.png``, ``slices.png`` and, of a CT, ``ct_bone.png``.

    Args:
        views: Views of the skull with the implant.
        skull: Mask of the defective skull.
        implant: Mask of the implant, of the same geometry, not empty.
        folder: Folder to write into.
        title: Title of the pictures: what is shown.
        case_id: Name of the case.
        ct: The CT in Hounsfield units, on any grid, if there is one.

    Raises:
        InputError: If the geometries differ or a file cannot be written.
    """
    facing, six_sides, slices = (folder / f"{name}.png" for name in ("implant", "six_sides", "slices"))
    write_implant_picture(views, facing, title=title, case_id=case_id)
    write_implant_picture(views, six_sides, title=f"{title}: six sides", case_id=case_id, six_sides=True)
    write_slice_picture(skull, implant, slices, title=f"{title}: slices", case_id=case_id, background=ct)
    figures = [
        Figure(facing, "The skull with the implant, facing it and from two other sides."),
        Figure(six_sides, "The skull with the implant from six sides."),
        Figure(slices, "Slices through the implant, as radiologists look: the patient's right is on the left."),
    ]
    if ct is not None:
        from CraNeXtLib.pictures.ct_pictures import write_bone_picture

        write_bone_picture(ct, skull, folder / "ct_bone.png", case_id=case_id)
        figures.append(Figure(folder / "ct_bone.png", "The CT, and the outline of what counts as bone."))
    return figures
