"""Finish an implant that somebody drew or edited, from file to files: the work of ``cranext finish``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from CraNeXtLib.cases.case_folder import case_folder
from CraNeXtLib.cases.checked_part import CheckedPart, write_part
from CraNeXtLib.cases.mask_files import PartFile, read_with_skull
from CraNeXtLib.cases.result_json import timestamp
from CraNeXtLib.cases.verdict import with_verdict
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE, __version__
from CraNeXtLib.core.progress import ProgressCallback, Stages
from CraNeXtLib.implant.finishing.pipeline import finish
from CraNeXtLib.implant.finishing.settings import FinishSettings
from CraNeXtLib.implant.fit.materials import DEFAULT_MATERIAL

_FORMAT_VERSION = 1
_STAGE_SHARES = {"Reading": 0.1, "Finishing": 0.4, "Checking the fit": 0.4, "Writing": 0.1}


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
    pictures: bool = True,
    progress: ProgressCallback | None = None,
) -> dict[str, Any]:
    """Finish the implant in a file, check its fit and write everything into a folder.

    Writes ``finished_implant.nrrd``, ``.stl`` and ``.3mf``, ``fit_maps.vtp``, ``finish.json`` and, with pictures,
    ``fit_gap.png``, ``fit_thickness.png`` and ``fit_symmetry.png``. If anything fails, no file is written.

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
        pictures: Whether to draw the maps.
        progress: Called with the stage and the overall fraction; may raise CancelledError to stop.

    Returns:
        The content of ``finish.json``; ``files`` lists the files written.

    Raises:
        InputError: If a file cannot be used, nothing is left of the implant, or the folder cannot be written.
    """
    stages = Stages(_STAGE_SHARES, progress)
    with case_folder(out, "finish.json", inputs=(implant, skull)) as folder:
        with stages.stage("Reading"):
            bone, raw = read_with_skull(
                skull, PartFile(implant, implant_segment), orientation=orientation, segment=segment
            )
        with stages.stage("Finishing") as update:
            finished = finish(raw, bone, settings, progress=lambda part, fraction: update(fraction, part))
        with stages.stage("Checking the fit"):
            part = CheckedPart.of(finished, bone, material=material, fit_limits=fit_limits)
        with stages.stage("Writing"):
            write_part(part, bone, folder.path, pictures=pictures)
            description = with_verdict(
                {
                    "format": "cranext-finish",
                    "version": _FORMAT_VERSION,
                    "notice": RESEARCH_USE_NOTICE,
                    "created": timestamp(),
                    "input": {"implant": str(implant), "skull": str(skull)},
                    "versions": {"cranext": __version__},
                    **part.as_dict(),
                    "warnings": list(part.warnings),
                    "seconds": stages.seconds,
                }
            )
            return folder.write_description(description)
