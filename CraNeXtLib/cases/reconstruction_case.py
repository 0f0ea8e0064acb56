"""One case from file to files: what ``cranext reconstruct``, the batch and the worker process do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from CraNeXtLib.anatomy.head.skull_mask import skull_mask
from CraNeXtLib.cases.case_settings import CaseSettings
from CraNeXtLib.cases.expected_error_files import write_expected_error
from CraNeXtLib.cases.finishing_case import FINISHED, make_part, write_part
from CraNeXtLib.cases.report import Figure, draw_figures, write_report
from CraNeXtLib.cases.result_json import describe_result
from CraNeXtLib.cases.skull_input import SkullInput, read_ct_skull, read_skull
from CraNeXtLib.core.files.atomic import filling
from CraNeXtLib.core.progress import ProgressCallback, Stages
from CraNeXtLib.geometry.components import pieces_of
from CraNeXtLib.geometry.mesh import Mesh, split_mesh
from CraNeXtLib.geometry.mesh_files import write_3mf, write_stl
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume, write_volume
from CraNeXtLib.implant.defect_report import describe_defect
from CraNeXtLib.implant.expected_error import CAPTION, PICTURE
from CraNeXtLib.implant.preview import coarse_skull, fine_result
from CraNeXtLib.implant.reconstruct import reconstruct
from CraNeXtLib.pictures.fit_pictures import FIT_PICTURES

STAGE_SHARES = {
    "Reading": 0.03,
    "Reconstructing": 0.45,
    "Making the mesh": 0.05,
    "Finishing": 0.2,
    "Writing": 0.05,
    "Reporting": 0.22,
}

PREVIEW_SHARES = {"Reading": 0.03, "Reconstructing": 0.6, "Making the mesh": 0.03, "Writing": 0.04, "Reporting": 0.3}


def reconstruct_case(
    skull: str | Path, out: str | Path, settings: CaseSettings, progress: ProgressCallback | None = None
) -> dict[str, Any]:
    """Reconstruct the skull in a file and write everything into a folder.

    Writes ``complete_skull.nrrd``, ``implant.nrrd``, ``implant.stl``, ``implant.3mf``: the model's implant, which
    completes the skull exactly; ``finished_implant.nrrd``, ``.stl`` and ``.3mf``: the part to make; ``fit_maps.vtp``,
    ``result.json`` and, with a report, ``report.html``, ``report.pdf`` and their pictures; from a model that can tell
    how far off it is also ``expected_error.nrrd`` and ``.vtp``; of a CT also ``defective_skull.nrrd``, its bone; of
    several separate defects also ``implant_1.stl``, ``finished_implant_1.stl`` and so on, one a piece: all of them or,
    if something fails, none. Where finishing leaves nothing, a warning says so and the part is missing.

    Args:
        skull: File of the defective skull, or file or folder of a CT.
        out: Folder to write into.
        settings: See :class:`CaseSettings`.
        progress: Told the stage and the fraction of the whole; may raise CancelledError to stop.

    Returns:
        The content of ``result.json``; ``files`` names what was written.

    Raises:
        InputError: If the input cannot be used or the folder not be written.
        NoImplantError: If nothing is missing.
    """
    stages = Stages(PREVIEW_SHARES if settings.preview else STAGE_SHARES, progress)
    with filling(out) as folder:
        with stages.stage("Reading"):
            source = _read_input(Path(skull), settings)
            reference = None
            if settings.reference_implant is not None:
                reference = read_volume(settings.reference_implant, orientation=settings.orientation)
        with stages.stage("Reconstructing") as update:
            whole = skull_mask(source.skull)
            result = reconstruct(
                coarse_skull(whole) if settings.preview else whole,
                model=settings.model,
                device=settings.device,
                postprocessing=settings.postprocessing,
                progress=lambda part, fraction: update(fraction, part),
            )
        with stages.stage("Making the mesh"):
            mesh = surface_of(result.implant)
        part = None
        if not settings.preview:
            with stages.stage("Finishing") as update:
                part = make_part(
                    result.implant,
                    result.defective_skull,
                    mesh,
                    settings.finishing,
                    material=settings.material,
                    progress=lambda name, fraction: update(fraction / 2, name),
                )
        with stages.stage("Writing"):
            fine = fine_result(result, whole) if settings.preview else result
            if settings.ct:
                write_volume(fine.defective_skull, folder / "defective_skull.nrrd")
            write_volume(fine.complete_skull, folder / "complete_skull.nrrd")
            write_volume(fine.implant, folder / "implant.nrrd")
            write_stl(mesh, folder / "implant.stl", preview=settings.preview)
            if not settings.preview:
                write_3mf(mesh, folder / "implant.3mf")
            pieces = pieces_of(result.implant)
            if len(pieces) > 1 and part:
                _write_pieces(pieces, {"implant": mesh, FINISHED: part.finished and part.finished.mesh}, folder)
        with stages.stage("Reporting"):
            if part:
                write_part(part, result.defective_skull, folder, pictures=settings.report)
            if result.expected_error:
                write_expected_error(
                    result.expected_error, result.implant, mesh, result.defective_skull, folder, picture=settings.report
                )
            description = describe_result(source, settings, result, mesh)
            if reference is not None:
                from CraNeXtLib.evaluation.evaluation import evaluate

                description["metrics"] = evaluate(fine.implant, reference, fine.defective_skull).main_metrics()
            if part:
                description |= part.as_dict()
                description["warnings"] += part.warnings
            description["defects"] = [
                describe_defect(piece, result.defective_skull, result.complete_skull, result.pose) for piece in pieces
            ]
            description["seconds"] = stages.seconds | result.seconds
            if settings.report:
                title = f"Case {description['case_id']}"
                figures = draw_figures(result.defective_skull, result.implant, folder, title=title, ct=source.ct)
                maps = [Figure(folder / name, caption) for name, caption in FIT_PICTURES.items()]
                expected = [Figure(folder / PICTURE, CAPTION)] if result.expected_error else []
                write_report(description, figures, folder, maps=maps, expected=expected)
            description["files"] = sorted({p.name for p in folder.iterdir()} | {"result.json"})
            (folder / "result.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    return description


def _read_input(path: Path, settings: CaseSettings) -> SkullInput:
    if settings.ct:
        return read_ct_skull(
            path, threshold_hu=settings.bone_threshold_hu, series=settings.series, orientation=settings.orientation
        )
    return read_skull(path, orientation=settings.orientation, segment=settings.segment)


def _write_pieces(pieces: list[Volume], meshes: dict[str, Mesh | None], folder: Path) -> None:
    """Write every piece of the meshes into a file of its own, numbered in the order of the defects."""
    for name, mesh in meshes.items():
        for number, piece in enumerate(split_mesh(mesh, pieces) if mesh else [], start=1):
            if len(piece.faces):
                write_stl(piece, folder / f"{name}_{number}.stl")
