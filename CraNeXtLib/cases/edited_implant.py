"""The files of an implant that was edited by hand after it was made, measured again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from CraNeXtLib.anatomy.ct.reading import read_ct
from CraNeXtLib.cases.added_meshes import AddedMeshes, write_added_meshes
from CraNeXtLib.cases.case_folder import DERIVED, case_folder
from CraNeXtLib.cases.checked_part import CheckedPart, make_part, write_part
from CraNeXtLib.cases.described_part import described_part
from CraNeXtLib.cases.expected_error_files import draw_expected_error
from CraNeXtLib.cases.implant_files import write_implant, write_implant_report
from CraNeXtLib.cases.mask_files import PartFile, read_with_skull
from CraNeXtLib.cases.result_json import RESULT_FILE, describe_implant, timestamp
from CraNeXtLib.cases.soft_tissue_files import write_soft_tissue
from CraNeXtLib.cases.verdict import other_warnings, with_verdict
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.progress import ProgressCallback, Stages
from CraNeXtLib.evaluation.distance_map_files import read_vtp
from CraNeXtLib.geometry.mesh_decimation import light
from CraNeXtLib.geometry.mesh_formats.mesh_files import CaseMark, write_3mf
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.fair_sides import fair_head
from CraNeXtLib.implant.finishing import FinishSettings
from CraNeXtLib.implant.fit.materials import DEFAULT_MATERIAL
from CraNeXtLib.implant.implant_surface import implant_surface

_SHARES = {
    "Reading": 0.05,
    "Making the mesh": 0.1,
    "Measuring": 0.1,
    "Finishing": 0.6,
    "Writing": 0.15,
    "Reporting": 0.6,
}
_SKIPPED_SHARE = 0.01
_STALE_KEYS = ("finishing", "fit", "verdict", "bone_model", "skull_model", "onlay", "segments", "soft_tissue")
_STALE_KEYS_AFTER_EDITS = ("metrics", "defects", "expected_error", "donor")


def write_implant_files(
    implant: str | Path,
    skull: str | Path,
    out: str | Path,
    *,
    result: Mapping[str, Any],
    edited: bool,
    finishing: Mapping[str, Any] | None = None,
    material: str = DEFAULT_MATERIAL,
    fit_limits: Mapping[str, float] | None = None,
    bone_model_mm: float | None = None,
    glb: bool = False,
    bone_base_mm: float | None = None,
    skull_model_mm: float | None = None,
    onlay_mm: Sequence[float] | None = None,
    expected_error: str | Path | None = None,
    ct: str | Path | None = None,
    report: bool = True,
    progress: ProgressCallback | None = None,
) -> dict[str, Any]:
    """Measure an implant as it is now and write its files into a folder, as ``cranext reconstruct`` does.

    Voxels that belong to both skull and implant count as skull.

    Args:
        implant: File of the implant: a mask on the skull's lattice, or a mesh.
        skull: File of the defective skull's mask.
        out: Folder to write into.
        result: Content of the ``result.json`` of the reconstruction that the implant comes from.
        edited: Whether the implant has been edited since.
        finishing: Settings of the finished part, see ``FinishSettings``; None for no part.
        material: Material of the part, for its weight.
        fit_limits: Limits of the fit check to change, by the names of ``FitLimits``.
        bone_model_mm: How far around the implant bone is written as a model to print; None for no model.
        glb: Whether to write skull and implant as ``viewer.glb``, too.
        bone_base_mm: Thickness of a flat base below the model of the bone; None for no base.
        skull_model_mm: How far a model of the whole skull to print, of fewer triangles, may be from it; None for none.
        onlay_mm: Thickness of a titanium sheet over the defect and how far it reaches over the bone; None for none.
        expected_error: File of the expected error mapped onto the implant, to show in the report of an implant that
            was not edited.
        ct: File of the CT that the skull was found in, for the soft tissue over the part; None for none.
        report: Whether to write report, approval sheet and their pictures.
        progress: Called with the stage and the overall fraction; may raise CancelledError to stop.

    Returns:
        The content of ``result.json``, with ``edited``.

    Raises:
        InputError: If a part or a report is requested for a preview, a file cannot be used, nothing is left of the
            implant, or the folder cannot be written.
    """
    if result.get("preview") and (report or finishing is not None):
        raise InputError(
            "This implant is a quick preview; make it without preview before you finish it or write a report."
        )
    added = AddedMeshes(bone_model_mm, glb, bone_base_mm, skull_model_mm, onlay_mm)
    skipped = {"Finishing": finishing is None, "Reporting": not report}
    shares = {stage: _SKIPPED_SHARE if skipped.get(stage) else share for stage, share in _SHARES.items()}
    stages = Stages(shares, progress)
    space = result.get("meshes", {}).get("space", "LPS")
    with case_folder(out, RESULT_FILE, replaces=DERIVED, inputs=(implant, skull, expected_error)) as folder:
        with stages.stage("Reading"):
            bone, remaining, doubts = _read_masks(skull, implant)
            scan, moved = _read_ct(ct, result) if ct is not None and finishing is not None else (None, ())
            doubts += moved
        with stages.stage("Making the mesh"):
            head = fair_head(remaining, bone)
            mesh = implant_surface(remaining, head)
        with stages.stage("Measuring"):
            measures = describe_implant(remaining, bone, mesh)
        part = None
        if finishing is not None:
            with stages.stage("Finishing") as update:
                part = make_part(
                    remaining,
                    bone,
                    mesh,
                    FinishSettings.from_dict(finishing),
                    head=head,
                    material=material,
                    fit_limits=fit_limits,
                    progress=lambda name, fraction: update(fraction, name),
                )
        with stages.stage("Writing"):
            case = CaseMark(result["case_id"], result["input"]["sha256"])
            preview = bool(result.get("preview"))
            stored = light(mesh)
            write_implant(remaining, bone, stored, folder.path, space=space, preview=preview, case=case)
            write_3mf({"Implant": stored}, folder.path / "implant.3mf", space=space, case=case)
            made = part.finished.mesh if part and part.finished else mesh
            outward = part.finished.outward_ras if part and part.finished else None
            extra = write_added_meshes(
                added, bone, remaining, made, folder.path, space=space, case=case, outward=outward, pictures=report
            )
        with stages.stage("Reporting"):
            description = _updated(result, measures, part, edited=edited, doubts=doubts) | extra
            if part is not None:
                write_part(part, bone, folder.path, space=space, pictures=report, case=case)
                description |= described_part(part, folder.path)
                if scan is not None:
                    description |= write_soft_tissue(
                        part.fit, scan, bone, folder.path, picture=report, case_id=description["case_id"]
                    )
            if report:
                expected = read_vtp(expected_error) if expected_error and description.get("expected_error") else None
                if expected:
                    draw_expected_error(expected, bone, folder.path, case_id=description["case_id"])
                shown = part.shape(remaining) if part else remaining
                write_implant_report(
                    description, bone, shown, folder.path, mesh=mesh, part=part, expected=expected, ct=scan
                )
            return folder.write_description(description)


def _read_masks(skull: str | Path, implant: str | Path) -> tuple[Volume, Volume, tuple[str, ...]]:
    """Return the skull, the implant without the voxels that belong to the skull, both bool, and what was doubted."""
    read = read_with_skull(skull, PartFile(implant))
    bone, edited = read.skull, read.parts[0]
    remaining = edited.with_voxels(edited.voxels & ~bone.voxels)
    if not remaining.voxels.any():
        raise InputError("Nothing is left of the implant outside the skull; undo, or revert to the result.")
    return bone, remaining, read.warnings


def _read_ct(path: str | Path, result: Mapping[str, Any]) -> tuple[Volume | None, tuple[str, ...]]:
    """Return the CT of a result, or why it cannot be used: it may have been moved or changed since."""
    scan = read_ct(path)
    if scan.sha256 == result["input"]["sha256"]:
        return scan.volume, ()
    doubt = (
        "The soft tissue over the part was not measured, because the CT was changed or moved since the implant was "
        "made; make the implant again to have it."
    )
    return None, (doubt,)


def _updated(
    result: Mapping[str, Any],
    measures: Mapping[str, Any],
    part: CheckedPart | None,
    *,
    edited: bool,
    doubts: tuple[str, ...],
) -> dict[str, Any]:
    """Return the result with the implant's present measures and part, without what no longer applies to it."""
    known = [warning for warning in other_warnings(result) if warning not in result.get("part_warnings", ())]
    added = [warning for warning in dict.fromkeys([*doubts, *(part.warnings if part else ())]) if warning not in known]
    description = {**result, **measures, "edited": edited, "described": timestamp()}
    description |= {"warnings": [*known, *added], "part_warnings": added}  # which the next part replaces
    for key in (*_STALE_KEYS, *(_STALE_KEYS_AFTER_EDITS if edited else ())):
        description.pop(key, None)
    if part is not None:
        description |= part.as_dict()
    return with_verdict(description)
