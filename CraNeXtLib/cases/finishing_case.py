"""Finish an implant that somebody drew or edited, from file to files: the work of ``cranext finish``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from CraNeXtLib.cases.added_meshes import AddedMeshes, write_added_meshes
from CraNeXtLib.cases.case_folder import case_folder
from CraNeXtLib.cases.checked_part import CheckedPart, write_part
from CraNeXtLib.cases.described_part import described_part
from CraNeXtLib.cases.implant_files import write_implant_report
from CraNeXtLib.cases.mask_files import PartFile, read_with_skull
from CraNeXtLib.cases.released_folder import refuse_released
from CraNeXtLib.cases.result_json import describe_implant, geometry_of, timestamp, versions
from CraNeXtLib.cases.verdict import with_verdict
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE
from CraNeXtLib.core.progress import ProgressCallback, Stages
from CraNeXtLib.geometry.mesh_formats.mesh_files import CaseMark
from CraNeXtLib.geometry.mesh_formats.mesh_frame import MeshFrame
from CraNeXtLib.geometry.volume_files import volume_hash
from CraNeXtLib.implant.fair_sides import fair_head
from CraNeXtLib.implant.finishing.pipeline import finish
from CraNeXtLib.implant.finishing.settings import FinishSettings
from CraNeXtLib.implant.fit.materials import DEFAULT_MATERIAL
from CraNeXtLib.implant.implant_surface import implant_surface

DESCRIPTION = "finish.json"

_FORMAT_VERSION = 2
_STAGE_SHARES = {"Reading": 0.1, "Finishing": 0.3, "Checking the fit": 0.3, "Writing": 0.1, "Reporting": 0.2}


def finish_case(
    implant: str | Path,
    skull: str | Path,
    out: str | Path,
    settings: FinishSettings | None = None,
    *,
    material: str = DEFAULT_MATERIAL,
    fit_limits: Mapping[str, float] | None = None,
    orientation: str | None = None,
    segment: str | None = None,
    implant_segment: str | None = None,
    mesh_unit: str | None = None,
    mesh_space: str | None = None,
    bone_model_mm: float | None = None,
    glb: bool = False,
    onlay_mm: tuple[float, float] | None = None,
    bone_base_mm: float | None = None,
    skull_model_mm: float | None = None,
    case_id: str | None = None,
    report: bool = True,
    replace: bool = False,
    progress: ProgressCallback | None = None,
) -> dict[str, Any]:
    """Finish the implant in a file, check its fit and write everything into a folder.

    Writes ``finished_implant.nrrd``, ``.stl`` and ``.3mf``, ``fit_maps.vtp``, ``finish.json`` and, with a report,
    ``report.html``, ``report.pdf``, the approval sheet (``approval.html``, ``.pdf``) and their pictures. If anything
    fails, no file is written.

    Args:
        implant: File of the implant.
        skull: File of the defective skull, on the same lattice.
        out: Folder to write into.
        settings: How to finish the implant; by default as ``FinishSettings()``.
        material: Material of the part, for its weight.
        fit_limits: Limits of the fit check to change, by the names of ``FitLimits``.
        orientation: Directions of the array axes, where the headers lack them.
        segment: Segment or label of the skull, if its file holds several; or several with commas.
        implant_segment: Segment or label of the implant, likewise.
        mesh_unit: Unit of meshes that state none, such as ``"cm"``.
        mesh_space: ``"LPS"`` or ``"RAS"``, for meshes that do not state their space.
        bone_model_mm: How far around the implant bone is written as a model to print; None for no model.
        glb: Whether to write skull and implant as ``viewer.glb``, too.
        onlay_mm: Thickness of a titanium sheet over the defect and how far it reaches over the bone; None for none.
        bone_base_mm: Thickness of a flat base below the model of the bone; None for no base.
        skull_model_mm: How far a model of the whole skull to print, of fewer triangles, may be from it; None for none.
        case_id: Name of the case in the report; by default the first digits of the skull's SHA-256 hash, as when an
            implant was reconstructed from the same file.
        report: Whether to write the report and its pictures.
        replace: Whether to replace the part that an earlier run wrote into the folder.
        progress: Called with the stage and the overall fraction; may raise CancelledError to stop.

    Returns:
        The content of ``finish.json``; ``files`` lists the files written.

    Raises:
        InputError: If a file cannot be used, nothing is left of the implant, the folder holds a part already or was
            released, or it cannot be written.
    """
    files = {"implant": Path(implant), "skull": Path(skull)}
    refuse_released(Path(out))
    if not replace and (Path(out) / DESCRIPTION).exists():
        raise InputError(f"{out} already holds a finished part; choose another --out, or add --replace to replace it.")
    added = AddedMeshes(bone_model_mm, glb, bone_base_mm, skull_model_mm, onlay_mm)
    stages = Stages(_STAGE_SHARES, progress)
    with case_folder(out, DESCRIPTION, inputs=(implant, skull)) as folder:
        with stages.stage("Reading"):
            read = read_with_skull(
                skull,
                PartFile(implant, implant_segment),
                orientation=orientation,
                segment=segment,
                frame=MeshFrame.given(mesh_unit, mesh_space),
            )
            bone, raw = read.skull, read.parts[0]
        with stages.stage("Finishing") as update:
            head = fair_head(raw, bone)
            finished = finish(raw, bone, settings, head=head, progress=lambda part, fraction: update(fraction, part))
        with stages.stage("Checking the fit"):
            mesh = implant_surface(raw, head)
            measures = describe_implant(raw, bone, mesh)
            part = CheckedPart.of(finished, bone, material=material, fit_limits=fit_limits)
        with stages.stage("Writing"):
            hashes = {name: volume_hash(path) for name, path in files.items()}
            description = with_verdict(
                {
                    "format": "cranext-finish",
                    "version": _FORMAT_VERSION,
                    "notice": RESEARCH_USE_NOTICE,
                    "case_id": case_id or hashes["skull"][:8],
                    "created": timestamp(),
                    "input": {
                        **{name: {"path": path.name, "sha256": hashes[name]} for name, path in files.items()},
                        **geometry_of(bone),
                    },
                    "versions": versions(),
                    "meshes": {"unit": "mm", "space": read.space},
                    **measures,
                    **part.as_dict(),
                    "warnings": [*read.warnings, *part.warnings],
                }
            )
            case = CaseMark(description["case_id"], hashes["implant"])
            write_part(part, bone, folder.path, space=read.space, pictures=report, case=case)
            description |= described_part(part, folder.path)
            description |= write_added_meshes(
                added,
                bone,
                raw,
                finished.mesh,
                folder.path,
                space=read.space,
                case=case,
                outward=finished.outward_ras,
                pictures=report,
            )
        with stages.stage("Reporting"):
            description["seconds"] = stages.seconds
            if report:
                write_implant_report(description, bone, finished.implant, folder.path, mesh=mesh, part=part)
            return folder.write_description(description)
