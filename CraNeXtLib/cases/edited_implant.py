"""The files of an implant that was changed by hand after it was made, with its measures taken anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from CraNeXtLib.anatomy.head.skull_mask import skull_mask
from CraNeXtLib.cases.expected_error_files import draw_expected_error
from CraNeXtLib.cases.finishing_case import make_part, write_part
from CraNeXtLib.cases.report import Figure, draw_figures, write_report
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import filling
from CraNeXtLib.core.progress import ProgressCallback, Stages
from CraNeXtLib.evaluation.checklist import check
from CraNeXtLib.evaluation.distance_map_files import read_vtp
from CraNeXtLib.geometry.mask import check_same_geometry
from CraNeXtLib.geometry.mesh_files import write_3mf, write_stl
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume_files import read_volume, write_volume
from CraNeXtLib.implant.expected_error import CAPTION, PICTURE
from CraNeXtLib.implant.finishing import FinishSettings
from CraNeXtLib.implant.fit.materials import DEFAULT_MATERIAL
from CraNeXtLib.implant.measures import measure_implant
from CraNeXtLib.pictures.fit_pictures import FIT_PICTURES

_SHARES = {
    "Reading": 0.05,
    "Making the mesh": 0.1,
    "Measuring": 0.1,
    "Finishing": 0.6,
    "Writing": 0.15,
    "Reporting": 0.6,
}


def write_implant_files(
    implant: str | Path,
    skull: str | Path,
    out: str | Path,
    *,
    result: Mapping[str, Any],
    edited: bool,
    finishing: Mapping[str, Any] | None = None,
    material: str = DEFAULT_MATERIAL,
    expected_error: str | Path | None = None,
    report: bool = True,
    progress: ProgressCallback | None = None,
) -> dict[str, Any]:
    """Measure an implant as it is now and write its files into a folder, as ``cranext reconstruct`` does.

    Where the implant overlaps the skull, the skull stays: what is bone cannot be implant.

    Args:
        implant: File of the implant's mask.
        skull: File of the defective skull's mask, of the same geometry.
        out: Folder to write into.
        result: Content of the ``result.json`` that the implant comes from; says how it was made.
        edited: Whether it was changed since.
        finishing: How the part to be made is finished, see ``FinishSettings``; None for no
            part.
        material: What the part is made of, for its weight.
        expected_error: File of the expected error painted on the implant, for the report of one that was not edited.
        report: Whether to write ``report.html``, ``report.pdf`` and their pictures.
        progress: Told the stage and the fraction of the whole; may raise CancelledError to stop.

    Returns:
        The content of ``result.json``, with ``edited``.

    Raises:
        InputError: If a part or a report is wanted of a preview, a file cannot be used, nothing is left of the
            implant, or the folder cannot be written.
    """
    if result.get("preview") and (report or finishing is not None):
        raise InputError("This implant is a quick preview; make it without preview before you finish or export it.")
    left_out = {"Finishing": finishing is None, "Reporting": not report}
    shares = {stage: 0.01 if left_out.get(stage) else share for stage, share in _SHARES.items()}
    stages = Stages(shares, progress)
    with filling(out) as folder:
        with stages.stage("Reading"):
            bone = skull_mask(read_volume(skull))
            changed = read_volume(implant)
            check_same_geometry(changed, bone)
            changed = changed.with_voxels((changed.voxels != 0) & ~bone.voxels)
            if not changed.voxels.any():
                raise InputError("Nothing is left of the implant outside the skull; undo, or revert to the result.")
        with stages.stage("Making the mesh"):
            mesh = surface_of(changed)
        with stages.stage("Measuring"):
            measures = measure_implant(changed, bone, mesh) | {
                "watertight": mesh.is_watertight,
                "checklist": check(changed, bone).as_dict(),
            }
        part = None
        if finishing is not None:
            with stages.stage("Finishing") as update:
                part = make_part(
                    changed,
                    bone,
                    mesh,
                    FinishSettings.from_dict(finishing),
                    material=material,
                    progress=lambda name, fraction: update(fraction, name),
                )
        with stages.stage("Writing"):
            write_volume(bone.with_voxels(bone.voxels | changed.voxels), folder / "complete_skull.nrrd")
            write_volume(changed, folder / "implant.nrrd")
            write_stl(mesh, folder / "implant.stl", preview=bool(result.get("preview")))
            write_3mf(mesh, folder / "implant.3mf")
        with stages.stage("Reporting"):
            now = datetime.now(timezone.utc).isoformat(timespec="seconds")
            description = {**result, **measures, "edited": edited, "described": now}
            of_what_it_was = ["metrics", "defects", "expected_error"] if edited else []
            for key in ["finishing", "fit", *of_what_it_was]:
                description.pop(key, None)
            if part is not None:
                write_part(part, bone, folder, pictures=report)
                description |= part.as_dict()
                description["warnings"] = [*dict.fromkeys([*result["warnings"], *part.warnings])]
            if report:
                title = f"Case {description['case_id']}"
                maps = [Figure(folder / name, caption) for name, caption in FIT_PICTURES.items()] if part else []
                expected = []
                if expected_error is not None and description.get("expected_error"):
                    draw_expected_error(read_vtp(expected_error), bone, folder)
                    expected = [Figure(folder / PICTURE, CAPTION)]
                figures = draw_figures(bone, changed, folder, title=title)
                write_report(description, figures, folder, maps=maps, expected=expected)
            description["files"] = sorted({path.name for path in folder.iterdir()} | {"result.json"})
            (folder / "result.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    return description
