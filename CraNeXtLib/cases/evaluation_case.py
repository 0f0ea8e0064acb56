"""Evaluating the implant in a file: metrics, distance maps and checklist as files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from CraNeXtLib import RESEARCH_USE_NOTICE
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import filling
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.evaluation.checklist import Checklist, Thresholds, check
from CraNeXtLib.evaluation.evaluation import Evaluation, evaluate
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume

METRICS_VERSION = 1
"""Version of the format of ``metrics.json``."""


def check_and_write(
    evaluation: Evaluation,
    out: str | Path,
    implant: Volume,
    reference: Volume,
    skull: Volume,
    *,
    thresholds: Thresholds | None = None,
    ratings: Mapping[str, bool] | None = None,
    causes: tuple[str, ...] = (),
    place: Mapping[str, object] | None = None,
    pictures: bool = True,
) -> list[str]:
    """Answer the checklist, paint the distances, and write all that is known about an implant.

    Writes ``metrics.json``; of an implant and reference that are not empty also ``distance_map``, ``rim_map``,
    ``sdh_implant`` and ``sdh_reference``, each as ``.vtp`` (RAS, mm) and ``.png``.

    Args:
        evaluation: What ``evaluate`` returned for the three volumes.
        out: Folder for the files.
        implant: Mask of the implant.
        reference: Mask of the implant that should have been made.
        skull: Mask of the defective skull.
        thresholds: When a criterion of the checklist is met.
        ratings: A reader's own answers to the checklist.
        causes: Causes of error that a reader sees.
        place: Where the implant lies, to be kept beside the numbers; see :func:`place_of`.
        pictures: Whether to draw the maps; the ``.vtp`` files are written anyway.

    Returns:
        The names of the files, ``metrics.json`` first.

    Raises:
        InputError: If the volumes cannot be measured or the folder cannot be written; it is then as it was.
    """
    with filling(out) as folder:
        checklist, names = None, []
        if not {"implant_empty", "reference_empty"} & set(evaluation.flags):
            checklist = check(implant, skull, reference, thresholds=thresholds, ratings=ratings, causes=causes)
            names = _write_maps(folder, implant, reference, skull, evaluation.flags, pictures)
        description = metrics_description(evaluation, checklist) | {"place": place, "files": names}
        text = json.dumps(description, indent=1, allow_nan=False) + "\n"
        (folder / "metrics.json").write_text(text, encoding="utf-8")
    return ["metrics.json", *names]


def metrics_description(evaluation: Evaluation, checklist: Checklist | None = None) -> dict[str, object]:
    """Return the content of ``metrics.json``; units are in the key names, and null is an infinite distance."""
    return {
        "format": "cranext-metrics",
        "version": METRICS_VERSION,
        "notice": RESEARCH_USE_NOTICE,
        "metrics": evaluation.main_metrics(),
        "all_metrics": evaluation.as_dict(),
        "checklist": checklist.as_dict() if checklist else None,
    }


def evaluate_files(
    implant: str | Path, reference: str | Path, skull: str | Path, out: str | Path, *, progress: ProgressCallback
) -> list[str]:
    """Measure the masks in three files for Slicer, which draws the maps itself, and tell the implant's regions.

    Args:
        implant: File of the implant.
        reference: File of the implant that should have been made.
        skull: File of the defective skull.
        out: Folder for the files; see ``check_and_write``.
        progress: Told the stage and the fraction of the whole; it may raise CancelledError.

    Returns:
        The names of the files, ``metrics.json`` first.

    Raises:
        InputError: If a file cannot be read, the volumes cannot be measured, or the folder cannot be written.
    """
    progress("Reading", 0.0)
    volumes = [read_volume(path) for path in (implant, reference, skull)]
    progress("Measuring", 0.2)
    evaluation = evaluate(*volumes)
    place = None
    if "implant_empty" not in evaluation.flags:
        progress("Finding the regions", 0.4)
        place = place_of(volumes[0], volumes[2])
    progress("Painting distances", 0.7)
    names = check_and_write(evaluation, out, *volumes, place=place, pictures=False)
    progress("Done", 1.0)
    return names


def place_of(implant: Volume, skull: Volume) -> dict[str, object] | None:
    """Return the regions, side and size of an implant for JSON, or None if the skull cannot be divided into regions."""
    from CraNeXtLib.anatomy.categorization.categorize import categorize
    from CraNeXtLib.anatomy.categorization.defect_location import analyze_defect

    try:
        return asdict(analyze_defect(implant, categorize(skull).pose))
    except InputError:
        return None


def _write_maps(
    folder: Path, implant: Volume, reference: Volume, skull: Volume, flags: tuple[str, ...], pictures: bool
) -> list[str]:
    from CraNeXtLib.anatomy.head.landmarks import skull_frame
    from CraNeXtLib.evaluation import distance_maps
    from CraNeXtLib.evaluation.distance_map_files import write_vtp
    from CraNeXtLib.geometry.surface_extraction import surface_of
    from CraNeXtLib.pictures.distance_pictures import views_from, write_distance_picture

    mesh, true_mesh = surface_of(implant), surface_of(reference)
    outside = mesh.vertices.mean(axis=0) - skull_frame(skull).center
    apart = "Distance in mm: negative inside the reference, positive outside"
    seen = "Distance to the other surface in mm"
    maps = {
        "distance_map": (distance_maps.distance_map(mesh, true_mesh), "Implant to reference", apart),
        "rim_map": (distance_maps.rim_map(mesh, implant, skull), "Rim", "mm: negative overlap, positive gap"),
    }
    if not any(flag.endswith("hidden") for flag in flags):
        of_implant, of_reference = distance_maps.projected_maps(implant, reference, skull)
        maps["sdh_implant"] = (of_implant, "Surface of the implant", seen)
        maps["sdh_reference"] = (of_reference, "Surface of the reference", seen)
    for name, (distances, title, legend) in maps.items():
        write_vtp(distances, folder / f"{name}.vtp")
        if pictures:
            views = views_from(outside, oblique=name == "rim_map")
            write_distance_picture(distances, folder / f"{name}.png", views=views, title=title, legend=legend)
    return [f"{name}.{kind}" for name in maps for kind in (("vtp", "png") if pictures else ("vtp",))]
