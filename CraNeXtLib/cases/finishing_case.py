"""A finished implant as files, and ``cranext finish``: an implant that somebody drew or edited, from file to files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from CraNeXtLib import RESEARCH_USE_NOTICE, __version__
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import filling
from CraNeXtLib.core.progress import ProgressCallback, Stages
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_files import write_3mf, write_stl
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume, write_volume
from CraNeXtLib.implant.finishing.pipeline import FinishedImplant, finish
from CraNeXtLib.implant.finishing.settings import FinishSettings
from CraNeXtLib.implant.fit.fit_check import FitCheck, check_fit
from CraNeXtLib.implant.fit.materials import DEFAULT_MATERIAL

FORMAT_VERSION = 1
FINISHED = "finished_implant"
FIT_MAPS = "fit_maps.vtp"
STAGE_SHARES = {"Reading": 0.1, "Finishing": 0.4, "Checking the fit": 0.4, "Writing": 0.1}


def finish_case(
    implant: str | Path,
    skull: str | Path,
    out: str | Path,
    settings: FinishSettings | None = None,
    *,
    material: str = DEFAULT_MATERIAL,
    orientation: str | None = None,
    segment: str | None = None,
    pictures: bool = True,
    progress: ProgressCallback | None = None,
) -> dict[str, Any]:
    """Finish the implant in a file, check its fit and write everything into a folder.

    Writes ``finished_implant.nrrd``, ``.stl`` and ``.3mf``, ``fit_maps.vtp``, ``finish.json`` and, with pictures,
    ``fit_gap.png``, ``fit_thickness.png`` and ``fit_symmetry.png``: all of them or, if something fails, none.

    Args:
        implant: File of the implant.
        skull: File of the defective skull, of the same geometry.
        out: Folder to write into.
        settings: How to finish.
        material: For the weight.
        orientation: Directions of the array axes, where the headers lack them.
        segment: Segment or label of the skull, if its file holds several.
        pictures: Whether to draw the maps.
        progress: Told the stage and the fraction of the whole; may raise CancelledError to stop.

    Returns:
        The content of ``finish.json``; ``files`` names what was written.

    Raises:
        InputError: If a file cannot be used, nothing of the implant is left, or the folder cannot be written.
    """
    stages = Stages(STAGE_SHARES, progress)
    with filling(out) as folder:
        with stages.stage("Reading"):
            raw = read_volume(implant, orientation=orientation)
            bone = read_volume(skull, orientation=orientation, segment=segment)
        with stages.stage("Finishing") as update:
            finished = finish(raw, bone, settings, progress=lambda part, fraction: update(fraction, part))
        with stages.stage("Checking the fit"):
            part = Part(finished, fit_of(finished, bone, material), finished.warnings)
        with stages.stage("Writing"):
            write_part(part, bone, folder, pictures=pictures)
            description = {
                "format": "cranext-finish",
                "version": FORMAT_VERSION,
                "notice": RESEARCH_USE_NOTICE,
                "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
                "input": {"implant": str(implant), "skull": str(skull)},
                "versions": {"cranext": __version__},
                **part.as_dict(),
                "warnings": list(part.warnings),
                "seconds": stages.seconds,
                "files": sorted({path.name for path in folder.iterdir()} | {"finish.json"}),
            }
            (folder / "finish.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    return description


@dataclass(frozen=True, eq=False)
class Part:
    """What is to be made, and how it fits.

    Args:
        finished: The finished implant; None if the implant stays as it is.
        fit: The fit of the finished implant or, without one, of the implant.
        warnings: What the user should know, as sentences.
    """

    finished: FinishedImplant | None
    fit: FitCheck
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return ``finishing`` and ``fit`` for JSON."""
        return {
            "finishing": self.finished and self.finished.as_dict(),
            "fit": {"of": FINISHED if self.finished else "implant", **self.fit.as_dict()},
        }


def make_part(
    implant: Volume,
    skull: Volume,
    mesh: Mesh,
    settings: FinishSettings | None,
    *,
    material: str = DEFAULT_MATERIAL,
    progress: ProgressCallback | None = None,
) -> Part:
    """Finish a model's implant, if wished and possible, and check the fit; if nothing would be left, only check it.

    Args:
        implant: Mask of the implant.
        skull: Mask of the defective skull.
        mesh: The implant's surface.
        settings: How to finish; None for not at all.
        material: For the weight.
        progress: Told the stage and the fraction of the whole.

    Raises:
        InputError: If the material is unknown.
    """
    warnings: tuple[str, ...] = ()
    if settings is not None:
        try:
            finished = finish(implant, skull, settings, progress=progress)
        except InputError as error:
            warnings = (str(error),)
        else:
            return Part(finished, fit_of(finished, skull, material), finished.warnings)
    return Part(None, check_fit(implant, skull, mesh=mesh, material=material), warnings)


def fit_of(finished: FinishedImplant, skull: Volume, material: str = DEFAULT_MATERIAL) -> FitCheck:
    """Check the fit of a finished implant, along the ways that it was made for."""
    directions = [piece.outward_ras for piece in finished.pieces if piece.parts]
    return check_fit(finished.implant, skull, mesh=finished.mesh, directions=directions, material=material)


def write_part(part: Part, skull: Volume, folder: Path, *, pictures: bool) -> None:
    """Write a finished implant, if there is one, and the maps of the fit into a folder.

    Args:
        part: The part.
        skull: Mask of the defective skull.
        folder: The folder.
        pictures: Whether to draw the maps too.
    """
    from CraNeXtLib.evaluation.distance_map_files import write_vtp
    from CraNeXtLib.pictures.fit_pictures import write_fit_pictures

    if part.finished:
        write_volume(part.finished.implant, folder / f"{FINISHED}.nrrd")
        write_stl(part.finished.mesh, folder / f"{FINISHED}.stl")
        write_3mf(part.finished.mesh, folder / f"{FINISHED}.3mf", title="Finished cranial implant")
    write_vtp(part.fit.maps, folder / FIT_MAPS)
    if pictures:
        write_fit_pictures(part.fit, skull, folder)
