"""The files that a reconstructed and an edited implant have in common: masks, surface, report and approval sheet."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from CraNeXtLib.cases.approval import SHEET_PICTURE, write_approval_sheet
from CraNeXtLib.cases.checked_part import CheckedPart
from CraNeXtLib.cases.donor_files import CAPTION as DONOR_CAPTION
from CraNeXtLib.cases.donor_files import PICTURE as DONOR_PICTURE
from CraNeXtLib.cases.expected_error_files import CAPTION, PICTURE
from CraNeXtLib.cases.report import Figure, draw_figures, write_report
from CraNeXtLib.cases.report_scene import report_scene
from CraNeXtLib.cases.soft_tissue_files import TISSUE_CAPTION, TISSUE_PICTURE
from CraNeXtLib.core.runtime.side_by_side import side_by_side
from CraNeXtLib.evaluation.distance_maps import DistanceMap
from CraNeXtLib.geometry.mask import mask
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_formats.mesh_files import CaseMark, write_stl
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume
from CraNeXtLib.pictures.approval_picture import write_approval_picture
from CraNeXtLib.pictures.fit_pictures import FIT_PICTURES
from CraNeXtLib.pictures.fixation_picture import FIXATION_CAPTION, FIXATION_PICTURE
from CraNeXtLib.pictures.implant_pictures import SkullViews, write_implant_picture
from CraNeXtLib.pictures.onlay_picture import ONLAY_CAPTION, ONLAY_PICTURE
from CraNeXtLib.pictures.skull_renderer import SkullScene

DEFECTIVE_SKULL = "defective_skull.nrrd"
_PREVIEW_SAMPLE_MM = 2.0  # drawn in a third of the time


def write_implant(
    implant: Volume,
    skull: Volume,
    mesh: Mesh,
    folder: Path,
    *,
    space: str = "LPS",
    preview: bool,
    with_skull: bool = True,
    case: CaseMark,
) -> None:
    """Write ``defective_skull.nrrd``, ``complete_skull.nrrd``, ``implant.nrrd`` and ``implant.stl``.

    Args:
        implant: Mask of the implant.
        skull: Mask of the defective skull, of the same geometry.
        mesh: Surface of the implant.
        folder: Folder to write into.
        space: Coordinates of the STL file, ``"LPS"`` or ``"RAS"``.
        preview: Whether to mark the STL file as a preview.
        with_skull: Whether to write the defective skull, which the next steps need.
        case: Which case it is, for the STL file.
    """
    complete = skull.with_voxels(mask(skull) | mask(implant))
    side_by_side(
        *([partial(write_volume, skull, folder / DEFECTIVE_SKULL)] if with_skull else []),
        partial(write_volume, complete, folder / "complete_skull.nrrd"),
        partial(write_volume, implant, folder / "implant.nrrd"),
        partial(write_stl, mesh, folder / "implant.stl", space=space, preview=preview, case=case),
    )


def write_preview_picture(skull: Volume, implant: Volume, folder: Path, *, case_id: str) -> None:
    """Draw the implant of a preview as ``implant.png``, whose title says what it is not for.

    Args:
        skull: Mask of the defective skull.
        implant: Mask of the implant, of the same geometry.
        folder: Folder to write into.
        case_id: Name of the case.
    """
    views = SkullViews(SkullScene.of(skull, implant, sample_mm=_PREVIEW_SAMPLE_MM), supersampling=1.0)
    title = "Quick preview: do not manufacture"
    write_implant_picture(views, folder / "implant.png", title=title, case_id=case_id)


def write_implant_report(
    result: dict[str, Any],
    skull: Volume,
    implant: Volume,
    folder: Path,
    *,
    mesh: Mesh,
    part: CheckedPart | None = None,
    expected: DistanceMap | None = None,
    ct: Volume | None = None,
) -> None:
    """Draw the implant and write the report, with pictures of fit, fixation and expected error that the folder has.

    The implant is the finished one, where ``result`` has one: what is looked at is what would be made. Such a part also
    gets the approval sheet, for which its meshes must be in the folder.

    Args:
        result: Content of ``result.json``.
        skull: Mask of the defective skull.
        implant: Mask of the implant, of the same geometry.
        folder: Folder to write into.
        mesh: Surface of the implant as the model made it, in RAS mm.
        part: The part to be made, if there is one.
        expected: The expected error on the surface of the implant, if it is known.
        ct: The CT in Hounsfield units that the skull was segmented from, if any.
    """
    views = SkullViews(SkullScene.of(skull, implant))
    views.draw()
    case_id, finished = result["case_id"], bool(result.get("finishing"))
    shown = "Finished implant" if finished else "Implant as it is"
    sheet = partial(write_approval_picture, views, skull, implant, folder / SHEET_PICTURE, case_id=case_id, ct=ct)
    figures, scene, _ = side_by_side(
        partial(draw_figures, views, skull, implant, folder, title=shown, case_id=case_id, ct=ct),
        partial(report_scene, result, views.scene, mesh, part=part, expected=expected),
        sheet if finished else lambda: None,
    )
    fit_maps = _present(FIT_PICTURES, folder)
    error_maps = _present({PICTURE: CAPTION}, folder)
    fixation = _present({FIXATION_PICTURE: FIXATION_CAPTION}, folder)
    donor = _present({DONOR_PICTURE: DONOR_CAPTION}, folder)
    write_report(
        result,
        figures,
        folder,
        maps=fit_maps,
        expected=error_maps,
        fixation=fixation,
        donor=donor,
        tissue=_present({TISSUE_PICTURE: TISSUE_CAPTION}, folder),
        onlay=_present({ONLAY_PICTURE: ONLAY_CAPTION}, folder),
        scene=scene,
    )
    if finished:
        write_approval_sheet(result, folder)


def _present(captions: dict[str, str], folder: Path) -> list[Figure]:
    """Return the pictures of the given names that are in the folder, with their captions."""
    return [Figure(folder / name, caption) for name, caption in captions.items() if (folder / name).is_file()]
