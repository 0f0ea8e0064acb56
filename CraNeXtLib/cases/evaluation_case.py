"""Evaluate the implant in a file: metrics, distance maps and checklist as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from CraNeXtLib.cases.case_folder import case_folder
from CraNeXtLib.cases.mask_files import PartFile, read_with_skull
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.evaluation.checklist import Checklist, check
from CraNeXtLib.evaluation.distance_maps import DistanceMap
from CraNeXtLib.evaluation.evaluation import Evaluation, evaluate
from CraNeXtLib.evaluation.thresholds import Thresholds
from CraNeXtLib.geometry.mesh_formats.mesh_frame import NOT_STATED, MeshFrame
from CraNeXtLib.geometry.volume import Volume

METRICS_FILE = "metrics.json"

METRICS_VERSION = 1
"""Version of the format of ``metrics.json``."""

_FLAGS = {
    "implant_empty": "The implant is empty, so the numbers do not describe its shape.",
    "reference_empty": "The reference implant is empty, so the numbers do not describe the implant's shape.",
    "implant_surface_hidden": "No ray from outside meets the implant's surface; check that it is the right file.",
    "reference_surface_hidden": "No ray from outside meets the reference's surface; check that it is the right file.",
}
"""Warnings of the evaluation's flags."""

_TITLES = {
    "distance_map": ("Implant to reference", "Distance in mm: negative inside the reference, positive outside"),
    "rim_map": ("Rim", "mm: negative overlap, positive gap"),
    "sdh_implant": ("Surface of the implant", "Distance to the other surface in mm"),
    "sdh_reference": ("Surface of the reference", "Distance to the other surface in mm"),
}
"""Title and legend of each map's picture, by the name of its file."""


def write_evaluation(
    evaluation: Evaluation,
    out: str | Path,
    implant: Volume,
    reference: Volume,
    skull: Volume,
    *,
    checklist: Checklist | None = None,
    location: Mapping[str, object] | None = None,
    warnings: Sequence[str] = (),
    inputs: Sequence[str | Path] = (),
    pictures: bool = True,
) -> list[str]:
    """Compute the distance maps, and write them with the metrics and the checklist into a folder.

    Writes ``metrics.json`` and, unless implant or reference is empty, ``distance_map``, ``rim_map``, ``sdh_implant``
    and ``sdh_reference``, each as ``.vtp`` (RAS, mm) and ``.png``.

    Args:
        evaluation: What ``evaluate`` returned for the three volumes.
        out: Folder to write into.
        implant: Mask of the implant.
        reference: Mask of the reference implant.
        skull: Mask of the defective skull.
        checklist: What ``judge`` returned.
        location: Where the implant lies, see :func:`implant_location`; stored as ``place`` in ``metrics.json``.
        warnings: What was doubted when the volumes were read, one sentence each.
        inputs: Files of the volumes, which stay if they are in the folder.
        pictures: Whether to draw the maps; the ``.vtp`` files are always written.

    Returns:
        The names of the files, ``metrics.json`` first.

    Raises:
        InputError: If the volumes cannot be measured or the folder cannot be written; the folder is then unchanged.
    """
    with case_folder(out, METRICS_FILE, inputs=inputs) as folder:
        names = []
        if _is_comparable(evaluation):
            maps = _distance_maps(implant, reference, skull, evaluation.flags)
            names = _write_maps(maps, skull, folder.path, pictures=pictures)
        description = metrics_description(evaluation, checklist, warnings) | {"place": location}
        folder.write_description(description, indent=1)
    return [METRICS_FILE, *names]


def judge(
    evaluation: Evaluation,
    implant: Volume,
    reference: Volume,
    skull: Volume,
    *,
    thresholds: Thresholds | None = None,
    ratings: Mapping[str, bool] | None = None,
    causes: tuple[str, ...] = (),
) -> Checklist | None:
    """Return the checklist of an implant, or None if it or the reference is empty.

    Args:
        evaluation: What ``evaluate`` returned for the three volumes.
        implant: Mask of the implant.
        reference: Mask of the reference implant.
        skull: Mask of the defective skull.
        thresholds: Thresholds of the criteria.
        ratings: A reader's own answers.
        causes: Causes of error that a reader identified.

    Raises:
        InputError: If a rating or cause has an unknown name.
    """
    if not _is_comparable(evaluation):
        return None
    return check(implant, skull, reference, thresholds=thresholds, ratings=ratings, causes=causes)


def _is_comparable(evaluation: Evaluation) -> bool:
    return not {"implant_empty", "reference_empty"} & set(evaluation.flags)


def metrics_description(
    evaluation: Evaluation, checklist: Checklist | None = None, warnings: Sequence[str] = ()
) -> dict[str, object]:
    """Return the content of ``metrics.json``; units are in the key names, and null means an infinite distance."""
    return {
        "format": "cranext-metrics",
        "version": METRICS_VERSION,
        "notice": RESEARCH_USE_NOTICE,
        "metrics": evaluation.main_metrics(),
        "all_metrics": evaluation.as_dict(),
        "checklist": checklist.as_dict() if checklist else None,
        "warnings": [*warnings, *(_FLAGS[flag] for flag in evaluation.flags)],
    }


def read_evaluation(
    implant: str | Path,
    reference: str | Path,
    skull: str | Path,
    *,
    orientation: str | None = None,
    segment: str | None = None,
    implant_segment: str | None = None,
    reference_segment: str | None = None,
    frame: MeshFrame = NOT_STATED,
) -> tuple[tuple[Volume, Volume, Volume], tuple[str, ...]]:
    """Read the masks of an evaluation on one grid, for :func:`CraNeXtLib.evaluation.evaluation.evaluate`.

    Args:
        implant: File of the implant.
        reference: File of the reference implant.
        skull: File of the defective skull.
        orientation: Directions of the array axes, where the headers lack them.
        segment: Segment or label of the skull, or several with commas.
        implant_segment: Segment or label of the implant, likewise.
        reference_segment: Segment or label of the reference, likewise.
        frame: Unit and space of meshes, where their files do not state them.

    Returns:
        Implant, reference and skull, of type bool; and what was decided while they were read, as sentences.

    Raises:
        InputError: If a file is no mask, or the implants are not on the skull's lattice.
    """
    read = read_with_skull(
        skull,
        PartFile(implant, implant_segment),
        PartFile(reference, reference_segment, "--reference-segment"),
        orientation=orientation,
        segment=segment,
        frame=frame,
    )
    implant_mask, truth = read.parts
    return (implant_mask, truth, read.skull), read.warnings


def evaluate_files(
    implant: str | Path, reference: str | Path, skull: str | Path, out: str | Path, *, progress: ProgressCallback
) -> list[str]:
    """Evaluate the masks in three files, with the location of the implant; Slicer draws the maps itself.

    Args:
        implant: File of the implant.
        reference: File of the reference implant.
        skull: File of the defective skull.
        out: Folder to write into; see :func:`write_evaluation`.
        progress: Called with the stage and the overall fraction; may raise CancelledError to stop.

    Returns:
        The names of the files, ``metrics.json`` first.

    Raises:
        InputError: If a file cannot be read, the volumes cannot be measured, or the folder cannot be written.
    """
    progress("Reading", 0.0)
    volumes, warnings = read_evaluation(implant, reference, skull)
    progress("Measuring", 0.2)
    evaluation = evaluate(*volumes)
    location = None
    if "implant_empty" not in evaluation.flags:
        progress("Finding the regions", 0.4)
        location = implant_location(volumes[0], volumes[2])
    progress("Computing distance maps", 0.7)
    names = write_evaluation(
        evaluation,
        out,
        *volumes,
        checklist=judge(evaluation, *volumes),
        location=location,
        warnings=warnings,
        inputs=(implant, reference, skull),
        pictures=False,
    )
    progress("Done", 1.0)
    return names


def implant_location(implant: Volume, skull: Volume) -> dict[str, object] | None:
    """Return regions, side and size of an implant for JSON, or None if the skull cannot be divided into regions."""
    from CraNeXtLib.anatomy.categorization.categorize import categorize
    from CraNeXtLib.anatomy.categorization.defect_location import analyze_defect

    try:
        return asdict(analyze_defect(implant, categorize(skull).pose))
    except InputError:
        return None


def _distance_maps(implant: Volume, reference: Volume, skull: Volume, flags: tuple[str, ...]) -> dict[str, DistanceMap]:
    """Return the maps by the names of their files; hidden surfaces have no projected map."""
    from CraNeXtLib.evaluation import distance_maps
    from CraNeXtLib.geometry.surface_extraction import surface_of

    mesh = surface_of(implant)
    maps = {
        "distance_map": distance_maps.distance_map(mesh, surface_of(reference)),
        "rim_map": distance_maps.rim_map(mesh, implant, skull),
    }
    if not any(flag.endswith("hidden") for flag in flags):
        projected = distance_maps.projected_maps(implant, reference, skull)
        maps |= dict(zip(("sdh_implant", "sdh_reference"), projected, strict=True))
    return maps


def _write_maps(maps: Mapping[str, DistanceMap], skull: Volume, folder: Path, *, pictures: bool) -> list[str]:
    """Write the maps into a folder and return the names of the files."""
    from CraNeXtLib.anatomy.head.landmarks import skull_frame
    from CraNeXtLib.evaluation.distance_map_files import write_vtp
    from CraNeXtLib.pictures.distance_pictures import views_from, write_distance_picture

    outward = maps["distance_map"].mesh.vertices.mean(axis=0) - skull_frame(skull).center
    for name, distances in maps.items():
        write_vtp(distances, folder / f"{name}.vtp")
        if pictures:
            title, legend = _TITLES[name]
            views = views_from(outward, oblique=name == "rim_map")
            write_distance_picture(distances, folder / f"{name}.png", views=views, title=title, legend=legend)
    suffixes = ("vtp", "png") if pictures else ("vtp",)
    return [f"{name}.{suffix}" for name in maps for suffix in suffixes]
