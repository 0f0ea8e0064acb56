"""The models of bone to print and the titanium sheet for an implant, without the rest of a case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from CraNeXtLib.cases.added_meshes import AddedMeshes, write_added_meshes
from CraNeXtLib.cases.case_folder import case_folder
from CraNeXtLib.cases.mask_files import PartFile, read_with_skull
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE
from CraNeXtLib.core.progress import ProgressCallback, Stages
from CraNeXtLib.implant.fair_sides import fair_head
from CraNeXtLib.implant.implant_surface import implant_surface

DESCRIPTION = "models.json"

_STAGE_SHARES = {"Reading": 0.1, "Making the models": 0.9}


def write_models(
    implant: str | Path,
    skull: str | Path,
    out: str | Path,
    *,
    bone_model_mm: float | None = None,
    bone_base_mm: float | None = None,
    skull_model_mm: float | None = None,
    onlay_mm: Sequence[float] | None = None,
    outward: Sequence[float] | None = None,
    progress: ProgressCallback | None = None,
) -> dict[str, Any]:
    """Write the models that are asked for into a folder, with ``models.json``.

    Args:
        implant: File of the implant's mask.
        skull: File of the defective skull's mask, on the same lattice.
        out: Folder to write into.
        bone_model_mm: How far around the implant bone is written as a model to print; None for no model.
        bone_base_mm: Thickness of a flat base below that model; None for no base.
        skull_model_mm: How far a model of the whole skull to print, of fewer triangles, may be from it; None for none.
        onlay_mm: Thickness of a titanium sheet over the defect and how far it reaches over the bone; None for none.
        outward: RAS direction out of the head along which the part is inserted, for the base.
        progress: Called with the stage and the overall fraction; may raise CancelledError to stop.

    Returns:
        The content of ``models.json``: what :func:`write_added_meshes` returns.

    Raises:
        InputError: If nothing is asked for, a size is out of its range, or a file cannot be used or written.
    """
    added = AddedMeshes(bone_model_mm, False, bone_base_mm, skull_model_mm, onlay_mm)
    if bone_model_mm is None and skull_model_mm is None and onlay_mm is None:
        raise InputError("No model is asked for; give --bone-model, --skull-model or --onlay-mm.")
    stages = Stages(_STAGE_SHARES, progress)
    with case_folder(out, DESCRIPTION, inputs=(implant, skull)) as folder:
        with stages.stage("Reading"):
            read = read_with_skull(skull, PartFile(implant))
            bone, part = read.skull, read.parts[0]
        described: dict[str, Any] = {"format": "cranext-models", "notice": RESEARCH_USE_NOTICE}
        with stages.stage("Making the models"):
            mesh = implant_surface(part, fair_head(part, bone))
            described |= write_added_meshes(added, bone, part, mesh, folder.path, space=read.space, outward=outward)
        return folder.write_description(described | {"warnings": list(read.warnings)})
