"""Regions from file to files, of one skull or a data set: what the command, Slicer and the worker process do."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from CraNeXtLib import RESEARCH_USE_NOTICE
from CraNeXtLib.anatomy.categorization.categorize import Categorization, categorize
from CraNeXtLib.anatomy.categorization.defect_location import DefectAnalysis, analyze_defect
from CraNeXtLib.anatomy.head.template import load_template
from CraNeXtLib.cases.defect_cohort import write_cohort
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import filling
from CraNeXtLib.core.progress import ProgressCallback, Stages
from CraNeXtLib.datasets.manifest import DatasetCase, load_case
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume, write_volume
from CraNeXtLib.pictures.region_pictures import write_region_picture

STAGE_SHARES = {"Reading": 0.1, "Categorizing": 0.7, "Measuring the defect": 0.02, "Writing": 0.18}


def categorize_case(
    skull: str | Path,
    out: str | Path,
    *,
    implant: str | Path | None = None,
    method: str = "default",
    template: str | Path | None = None,
    orientation: str | None = None,
    segment: str | None = None,
    picture: bool = True,
    progress: ProgressCallback | None = None,
) -> dict[str, Any]:
    """Divide the skull in a file into regions and write everything into a folder.

    Writes ``regions.nrrd`` (labels 0-9), ``regions.csv``, ``regions.json`` and, if wished, ``regions.png``: all of them
    or, if something fails, none.

    Args:
        skull: File of a skull, complete or not.
        out: Folder to write into.
        implant: File of an implant or defect in the same space, to tell its regions, side and size.
        method: See :func:`CraNeXtLib.anatomy.categorization.categorize.categorize`.
        template: File of a label map to use instead of the bundled template.
        orientation: Directions of the array axes of skull and implant, where their headers lack them.
        segment: Segment or label to read from the skull's file.
        picture: Whether to draw the skull from six sides.
        progress: Told the stage and the fraction of the whole; may raise CancelledError to stop.

    Returns:
        The content of ``regions.json``; ``files`` names what was written.

    Raises:
        InputError: If a file cannot be used or the folder not be written.
    """
    stages = Stages(STAGE_SHARES, progress)
    with filling(out) as folder:
        with stages.stage("Reading"):
            volume = read_volume(skull, orientation=orientation, segment=segment)
            defect = None if implant is None else read_volume(implant, orientation=orientation)
            own_template = None if template is None else load_template(template)
        with stages.stage("Categorizing") as update:
            result = categorize(
                volume,
                method=method,
                template=own_template,
                progress=lambda part, fraction: update(fraction, part),
            )
        with stages.stage("Measuring the defect"):
            analysis = None if defect is None else analyze_defect(defect, result.pose)
        with stages.stage("Writing"):
            description = _write_case(folder, result, analysis, picture=picture)
    return description


def categorize_cohort(
    cases: Sequence[DatasetCase], out: str | Path, *, progress: ProgressCallback | None = None
) -> dict[str, str]:
    """Divide the defective skull of every case of a data set and analyse the cohort's defects.

    Writes ``cases/NAME`` with the files of :func:`categorize_case`, and what
    ``write_cohort`` writes. A case that cannot be used is left out; the others go on.

    Args:
        cases: The manifest.
        out: Folder to write into.
        progress: Told the case and the fraction of the whole; may raise CancelledError to stop.

    Returns:
        Why cases were left out, by their name.

    Raises:
        InputError: If no case has a defect, or the folder cannot be written.
    """
    names: list[str] = []
    errors: dict[str, str] = {}

    def categorized() -> Iterator[tuple[Volume, Categorization]]:
        for number, case in enumerate(cases):
            if progress:
                progress(case.name, number / len(cases))
            try:
                pair = load_case(case)
                result = categorize(pair.defective)
                analysis = analyze_defect(pair.implant, result.pose)
            except InputError as error:
                errors[case.name] = str(error)
                continue
            with filling(Path(out) / "cases" / case.name.replace("/", "-")) as folder:
                _write_case(folder, result, analysis, picture=False)
            names.append(case.name)
            yield pair.implant, result

    write_cohort(names, categorized(), out)
    return errors


def _write_case(
    folder: Path, result: Categorization, analysis: DefectAnalysis | None, *, picture: bool
) -> dict[str, Any]:
    """Write one skull's files into a folder, and return the content of regions.json."""
    write_volume(result.labels, folder / "regions.nrrd")
    _write_table(result, folder / "regions.csv")
    if picture:
        write_region_picture(result.labels, folder / "regions.png")
    description = _describe(result, analysis)
    description["files"] = sorted({path.name for path in folder.iterdir()} | {"regions.json"})
    (folder / "regions.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    return description


def _write_table(result: Categorization, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(asdict(result.table[0])))
        writer.writeheader()
        writer.writerows(asdict(row) for row in result.table)


def _describe(result: Categorization, implant: DefectAnalysis | None) -> dict[str, Any]:
    """Return the content of regions.json, without the files."""
    description = {
        "format": "cranext-regions",
        "version": 1,
        "notice": RESEARCH_USE_NOTICE,
        "method": result.method,
        "registration": {
            "distance_mm": round(result.pose.fit.distance_mm, 2),
            "far_percent": round(100 * result.pose.fit.far_fraction, 1),
            "stretch": [round(value, 3) for value in result.pose.fit.stretch],
            "template_to_skull_ras_mm": np.round(result.pose.template_to_skull, 6).tolist(),
        },
        "regions": [asdict(row) for row in result.table],
        "warnings": list(result.warnings),
    }
    if implant is not None:
        description["implant"] = asdict(implant)
    return description
