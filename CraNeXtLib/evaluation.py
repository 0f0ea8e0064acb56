"""One implant measured against its reference, and the result as files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from CraNeXtLib import RESEARCH_USE_NOTICE
from CraNeXtLib.checklist import Checklist, Thresholds, check
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import filling
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.geometry.mask import check_same_geometry, mask
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume
from CraNeXtLib.metrics import border_dice, confusion, surface_distances
from CraNeXtLib.surface_projection import projected_distances

RESULT_VERSION = 1
MAIN_METRICS = ("dsc", "bdsc", "dh95_mm", "sdh_mm", "fnr", "fpr")


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The metrics of one implant; distances in mm, volumes in mL, in the paper's section IV-A unless said otherwise.

    Attributes:
        dsc: Dice similarity coefficient.
        bdsc: Dice coefficient of the voxels within 10 mm of the defective skull.
        dh_mm: Hausdorff distance of the surfaces.
        dh95_mm: 95th percentile of the pooled surface distances.
        asd_mm: Their mean, the average symmetric surface distance.
        sdh_mm: Surface Hausdorff distance, of the surfaces that are seen from outside the head.
        sdh95_mm: 95th percentile of the same distances.
        mean_sdh_mm: Their mean.
        fnr: False negative rate.
        fpr: False positive rate in the field of view; compare it only between images of one size.
        precision: Part of the implant that belongs to the reference.
        implant_ml: Volume of the implant.
        reference_ml: Volume of the reference.
        false_positive_ml: Volume of the implant outside the reference.
        false_negative_ml: Volume of the reference outside the implant.
        field_of_view_ml: Volume of the whole image.
        diagonal_mm: Diagonal of the whole image; stands for an infinite distance in means.
        flags: What was empty: ``implant_empty``, ``reference_empty``, ``implant_surface_hidden`` and
            ``reference_surface_hidden`` (no ray from outside meets it). Distances are infinite if one is, 0 if both.
    """

    dsc: float
    bdsc: float
    dh_mm: float
    dh95_mm: float
    asd_mm: float
    sdh_mm: float
    sdh95_mm: float
    mean_sdh_mm: float
    fnr: float
    fpr: float
    precision: float
    implant_ml: float
    reference_ml: float
    false_positive_ml: float
    false_negative_ml: float
    field_of_view_ml: float
    diagonal_mm: float
    flags: tuple[str, ...] = ()

    def main_metrics(self) -> dict[str, float | None]:
        """Return the paper's six metrics as JSON numbers; an infinite distance is None."""
        return {name: _json_number(getattr(self, name)) for name in MAIN_METRICS}

    def as_dict(self) -> dict[str, object]:
        """Return every value for JSON; an infinite distance is None."""
        return {name: _json_number(value) for name, value in asdict(self).items()} | {"flags": list(self.flags)}


def evaluate(implant: Volume, reference: Volume, skull: Volume) -> Evaluation:
    """Measure an implant against its reference.

    Args:
        implant: Mask of the implant to measure; anything but 0 is implant.
        reference: Mask of the implant that should have been made.
        skull: Mask of the defective skull.

    Raises:
        InputError: If the volumes do not share their geometry, or the skull is empty.
    """
    check_same_geometry(implant, reference, skull)
    implant, reference, skull = (volume.with_voxels(mask(volume)) for volume in (implant, reference, skull))
    counts = confusion(implant, reference)
    whole = surface_distances(implant, reference)
    seen = projected_distances(implant, reference, skull)
    flags = {
        "implant_empty": not whole.from_prediction.size,
        "reference_empty": not whole.from_reference.size,
        "implant_surface_hidden": bool(whole.from_prediction.size and not seen.from_prediction.size),
        "reference_surface_hidden": bool(whole.from_reference.size and not seen.from_reference.size),
    }
    return Evaluation(
        dsc=counts.dsc,
        bdsc=border_dice(implant, reference, skull),
        dh_mm=whole.hausdorff,
        dh95_mm=whole.percentile(95),
        asd_mm=whole.mean,
        sdh_mm=seen.hausdorff,
        sdh95_mm=seen.percentile(95),
        mean_sdh_mm=seen.mean,
        fnr=counts.fnr,
        fpr=counts.fpr,
        precision=counts.precision,
        implant_ml=counts.prediction_ml,
        reference_ml=counts.reference_ml,
        false_positive_ml=counts.false_positive_ml,
        false_negative_ml=counts.false_negative_ml,
        field_of_view_ml=counts.field_of_view_ml,
        diagonal_mm=float(np.linalg.norm(implant.shape * implant.spacing)),
        flags=tuple(name for name, is_set in flags.items() if is_set),
    )


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
        "version": RESULT_VERSION,
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
    from CraNeXtLib.categorization import categorize
    from CraNeXtLib.defect_analysis import analyse_defect

    try:
        return asdict(analyse_defect(implant, categorize(skull)))
    except InputError:
        return None


def _write_maps(
    folder: Path, implant: Volume, reference: Volume, skull: Volume, flags: tuple[str, ...], pictures: bool
) -> list[str]:
    from CraNeXtLib import distance_maps
    from CraNeXtLib.geometry.surface_extraction import surface_of
    from CraNeXtLib.head.skull_frame import skull_frame
    from CraNeXtLib.pictures.distance_pictures import views_from, write_distance_picture

    mesh, true_mesh = surface_of(implant), surface_of(reference)
    outside = mesh.vertices.mean(axis=0) - skull_frame(skull).centre
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
        distance_maps.write_vtp(distances, folder / f"{name}.vtp")
        if pictures:
            views = views_from(outside, oblique=name == "rim_map")
            write_distance_picture(distances, folder / f"{name}.png", views=views, title=title, legend=legend)
    return [f"{name}.{kind}" for name in maps for kind in (("vtp", "png") if pictures else ("vtp",))]


def _json_number(value: float) -> float | None:
    return value if not isinstance(value, float) or np.isfinite(value) else None
