"""Reconstruct one case from file to files: the work of ``cranext reconstruct``, the batch and the worker process."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from CraNeXtLib.anatomy.head.loaded_mask import LoadedMask
from CraNeXtLib.anatomy.head.skull_mask import skull_mask
from CraNeXtLib.cases.added_meshes import write_added_meshes
from CraNeXtLib.cases.case_folder import DERIVED, CaseFolder, case_folder
from CraNeXtLib.cases.case_settings import CaseSettings
from CraNeXtLib.cases.checked_part import FINISHED, CheckedPart, make_part, write_part
from CraNeXtLib.cases.described_part import described_part
from CraNeXtLib.cases.donor_files import write_donor_map, write_donor_picture
from CraNeXtLib.cases.expected_error_files import write_expected_error
from CraNeXtLib.cases.implant_files import (
    DEFECTIVE_SKULL,
    write_implant,
    write_implant_report,
    write_preview_picture,
)
from CraNeXtLib.cases.mask_files import PartFile, read_part
from CraNeXtLib.cases.result_json import RESULT_FILE, case_id_of, describe_no_implant, describe_result
from CraNeXtLib.cases.skull_input import SkullInput, read_ct_skull, read_donor, read_skull
from CraNeXtLib.cases.soft_tissue_files import write_soft_tissue
from CraNeXtLib.core.errors import NoImplantError
from CraNeXtLib.core.files.reading import real_path
from CraNeXtLib.core.progress import ProgressCallback, Stages
from CraNeXtLib.core.runtime.side_by_side import side_by_side
from CraNeXtLib.evaluation.distance_maps import DistanceMap
from CraNeXtLib.geometry.components import pieces_of
from CraNeXtLib.geometry.lattice import on_one_grid
from CraNeXtLib.geometry.mesh import Mesh, split_mesh, without_debris
from CraNeXtLib.geometry.mesh_decimation import light
from CraNeXtLib.geometry.mesh_formats.mesh_files import CaseMark, write_3mf, write_stl
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.donor.donation import with_donor
from CraNeXtLib.implant.fair_sides import fair_head
from CraNeXtLib.implant.implant_surface import implant_surface
from CraNeXtLib.implant.preview import coarse_skull, fine_result
from CraNeXtLib.implant.reconstruct import Reconstruction, reconstruct

_STAGE_SHARES = {
    "Reading": 0.03,
    "Reconstructing": 0.45,
    "Making the mesh": 0.05,
    "Finishing": 0.2,
    "Writing": 0.05,
    "Reporting": 0.22,
}
_PREVIEW_SHARES = {
    "Reading": 0.03,
    "Reconstructing": 0.55,
    "Drawing": 0.07,
    "Making the mesh": 0.03,
    "Writing": 0.12,
    "Reporting": 0.2,
}


def reconstruct_case(
    skull: str | Path, out: str | Path, settings: CaseSettings, progress: ProgressCallback | None = None
) -> dict[str, Any]:
    """Reconstruct the skull in a file and write all results into a folder.

    Writes the skull as it was read or segmented (``defective_skull.nrrd``), the model's implant, which completes it
    exactly (``complete_skull.nrrd``, ``implant.nrrd``, ``implant.stl``, ``implant.3mf``), the part to make
    (``finished_implant.nrrd``, ``.stl`` and ``.3mf``), ``fit_maps.vtp``, ``result.json`` and, with a report,
    ``report.html``, ``report.pdf`` and, on the part, the approval sheet (``approval.html``, ``.pdf``), with their
    pictures. A model that estimates its error adds ``expected_error.nrrd``
    and ``.vtp``, and several separate defects add one STL file per piece: ``implant_1.stl``,
    ``finished_implant_1.stl`` and so on. With a donor, the implant is the donor's bone where that has some, and
    ``donor.png`` and ``donor_map.vtp`` show where. If anything fails, no file is written. If finishing leaves
    nothing, the part is missing and a warning says why. The files replace those of an earlier run in the folder.

    Args:
        skull: File of the defective skull, or file or folder of a CT.
        out: Folder to write into.
        settings: See :class:`CaseSettings`.
        progress: Called with the stage and the overall fraction; may raise CancelledError to stop.

    Returns:
        The content of ``result.json``; ``files`` lists the files written.

    Raises:
        InputError: If the input cannot be used or the folder cannot be written.
        NoImplantError: If nothing is missing from the skull. ``result.json`` then says so, with all warnings, and is
            the only file.
    """
    stages = Stages(_PREVIEW_SHARES if settings.preview else _STAGE_SHARES, progress)
    with case_folder(
        out, RESULT_FILE, replaces=DERIVED, inputs=(skull, settings.reference_implant, settings.donor)
    ) as folder:
        with stages.stage("Reading"):
            source = _read_input(Path(skull), settings)
            reference = _read_reference(settings, source, Path(skull).name)
            if reference:
                source = replace(source, warnings=(*source.warnings, *reference.warnings))
            donor = _read_donor(settings)
            if donor:
                doubts = (f"Donor: {warning}" for warning in donor.warnings)
                source = replace(source, warnings=(*source.warnings, *doubts))
        try:
            with_skull = real_path(Path(out) / DEFECTIVE_SKULL) != real_path(Path(skull))  # it may be there already
            truth = reference.mask if reference else None
            return _reconstruct(source, truth, donor, folder, settings, stages, with_skull=with_skull)
        except NoImplantError as error:
            nothing_missing = NoImplantError(str(error), warnings=(*source.warnings, *error.warnings))
            description = describe_no_implant(source, settings, nothing_missing)
            folder.write_description(description | {"seconds": stages.seconds})
    raise nothing_missing


def _reconstruct(
    source: SkullInput,
    reference: Volume | None,
    donor: SkullInput | None,
    folder: CaseFolder,
    settings: CaseSettings,
    stages: Stages,
    *,
    with_skull: bool,
) -> dict[str, Any]:
    """Reconstruct what was read, write all files, and return the content of ``result.json``."""
    case = CaseMark(case_id_of(source, settings), source.source["sha256"])
    with stages.stage("Reconstructing") as update:
        bone = skull_mask(source.skull)
        result = reconstruct(
            coarse_skull(bone) if settings.preview else bone,
            model=settings.model,
            device=settings.device,
            postprocessing=settings.postprocessing,
            defects=settings.chosen_defects,
            quick=settings.preview,
            progress=lambda part, fraction: update(fraction, part),
        )
        donation = None
        if donor is not None:
            result, donation = with_donor(result, skull_mask(donor.skull))
    if settings.preview:
        with stages.stage("Drawing"):  # first of all files, because a preview is for looking at
            write_preview_picture(result.defective_skull, result.implant, folder.path, case_id=case.case_id)
    with stages.stage("Making the mesh"):
        # The surface of a preview is quick, since it is for looking at.
        head = None if settings.preview else fair_head(result.implant, result.defective_skull)
        mesh = implant_surface(result.implant, head) if head else without_debris(surface_of(result.implant))
    part = None
    if not settings.preview:
        with stages.stage("Finishing") as update:
            part = make_part(
                result.implant,
                result.defective_skull,
                mesh,
                settings.finishing,
                head=head,
                material=settings.material,
                fit_limits=settings.fit_limits,
                progress=lambda name, fraction: update(fraction / 2, name),  # the fit check is the other half
            )
    with stages.stage("Writing"):
        pieces = pieces_of(result.implant)
        full = fine_result(result, bone) if settings.preview else result
        result = replace(result, added_voxels=full.added_voxels, warnings=full.warnings)  # those of the files
        space = source.read.mesh_space
        _write_masks_and_surfaces(
            full, mesh, part, pieces, folder.path, settings, space=space, with_skull=with_skull, case=case
        )
    with stages.stage("Reporting"):
        metrics = None if reference is None else _metrics_of(full, reference)
        _, expected, description = side_by_side(
            partial(_write_part, result, part, source, folder.path, pictures=settings.report, case=case),
            partial(_write_error, result, mesh, folder.path, picture=settings.report, case=case),
            partial(describe_result, source, settings, result, mesh, pieces=pieces, part=part, metrics=metrics),
        )
        made = part.finished.mesh if part and part.finished else mesh
        more = write_added_meshes(
            settings.added_meshes,
            full.defective_skull,
            full.implant,
            made,
            folder.path,
            space=source.read.mesh_space,
            case=case,
            outward=part.finished.outward_ras if part and part.finished else None,
        )
        description |= described_part(part, folder.path) if part else {}
        description |= more | {"seconds": stages.seconds | result.seconds}
        if donor is not None and donation is not None:
            description["donor"] = donor.source | donation.as_dict()
            write_donor_map(mesh, result.implant, donation.donated, folder.path)
            if settings.report:
                write_donor_picture(result, donation, folder.path, case_id=case.case_id)
        if part and source.ct is not None:
            description |= write_soft_tissue(
                part.fit, source.ct, result.defective_skull, folder.path, picture=settings.report, case_id=case.case_id
            )
        if settings.report:
            shown = part.shape(result.implant) if part else result.implant
            write_implant_report(
                description,
                result.defective_skull,
                shown,
                folder.path,
                mesh=mesh,
                part=part,
                expected=expected,
                ct=source.ct,
            )
        return folder.write_description(description)


def _read_input(path: Path, settings: CaseSettings) -> SkullInput:
    if settings.ct:
        return read_ct_skull(
            path, threshold_hu=settings.bone_threshold_hu, series=settings.series, orientation=settings.orientation
        )
    return read_skull(path, orientation=settings.orientation, segment=settings.segment, frame=settings.mesh_frame)


def _read_reference(settings: CaseSettings, skull: SkullInput, skull_name: str) -> LoadedMask | None:
    if settings.reference_implant is None:
        return None
    part = PartFile(settings.reference_implant, settings.reference_segment, "--reference-segment")
    return read_part(part, skull.read, skull_name, orientation=settings.orientation, frame=settings.mesh_frame)


def _read_donor(settings: CaseSettings) -> SkullInput | None:
    if settings.donor is None:
        return None
    return read_donor(
        settings.donor, ct=settings.ct, threshold_hu=settings.bone_threshold_hu, frame=settings.mesh_frame
    )


def _write_masks_and_surfaces(
    result: Reconstruction,
    mesh: Mesh,
    part: CheckedPart | None,
    pieces: list[Volume],
    folder: Path,
    settings: CaseSettings,
    *,
    space: str,
    with_skull: bool,
    case: CaseMark,
) -> None:
    made = mesh if settings.preview else light(mesh)
    write_implant(
        result.implant,
        result.defective_skull,
        made,
        folder,
        space=space,
        preview=settings.preview,
        with_skull=with_skull,
        case=case,
    )
    if part is None:
        return
    write_3mf({"Implant": made}, folder / "implant.3mf", space=space, case=case)
    if len(pieces) > 1:
        numbers = [defect.number for defect in result.found_defects if defect.made]
        numbered = dict(zip(numbers, pieces, strict=True))
        _write_pieces("implant", made, numbered, folder, space, case)
        if part.finished:
            _write_pieces(FINISHED, part.finished.mesh, numbered, folder, space, case)


def _write_pieces(name: str, mesh: Mesh, pieces: dict[int, Volume], folder: Path, space: str, case: CaseMark) -> None:
    """Write each piece of a mesh into an STL file of its own, numbered like the defects."""
    for number, piece in zip(pieces, split_mesh(mesh, list(pieces.values())), strict=True):
        if len(piece.faces):
            write_stl(piece, folder / f"{name}_{number}.stl", space=space, case=case)


def _write_part(
    result: Reconstruction,
    part: CheckedPart | None,
    source: SkullInput,
    folder: Path,
    *,
    pictures: bool,
    case: CaseMark,
) -> None:
    """Write the finished part, if there is one, with the maps of its fit."""
    if part:
        space = source.read.mesh_space
        write_part(part, result.defective_skull, folder, space=space, pictures=pictures, case=case)


def _write_error(
    result: Reconstruction, mesh: Mesh, folder: Path, *, picture: bool, case: CaseMark
) -> DistanceMap | None:
    """Write the map of the expected error, if there is one, and return it."""
    error, implant, skull = result.expected_error, result.implant, result.defective_skull
    if not error:
        return None
    return write_expected_error(error, implant, mesh, skull, folder, picture=picture, case_id=case.case_id)


def _metrics_of(result: Reconstruction, reference: Volume) -> dict[str, float | None]:
    from CraNeXtLib.evaluation.evaluation import evaluate

    skull, implant, truth = on_one_grid(result.defective_skull, result.implant, reference)
    return evaluate(implant, truth, skull).main_metrics()
