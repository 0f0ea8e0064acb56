"""Divide a skull into regions from file to files: the work of ``cranext categorize`` and of the worker process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import numpy as np

from CraNeXtLib.anatomy.categorization.categorize import Categorization, categorize
from CraNeXtLib.anatomy.categorization.defect_location import DefectAnalysis, analyze_defect
from CraNeXtLib.anatomy.head.implant_mask import check_implant
from CraNeXtLib.anatomy.head.mask_reading import read_implant, read_skull
from CraNeXtLib.anatomy.head.template import load_template
from CraNeXtLib.cases.case_folder import CaseFolder, case_folder, discard_results
from CraNeXtLib.cases.defect_cohort import write_cohort
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.csv_tables import csv_text
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE
from CraNeXtLib.core.progress import ProgressCallback, Stages
from CraNeXtLib.datasets.manifest import DatasetCase
from CraNeXtLib.datasets.skull_pair import load_case
from CraNeXtLib.geometry.mesh_formats.mesh_frame import MeshFrame
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume
from CraNeXtLib.pictures.region_pictures import write_region_picture

_DESCRIPTION = "regions.json"
_STAGE_SHARES = {"Reading": 0.1, "Categorizing": 0.7, "Measuring the defect": 0.02, "Writing": 0.18}


def categorize_case(
    skull: str | Path,
    out: str | Path,
    *,
    implant: str | Path | None = None,
    method: Literal["default", "official"] = "default",
    template: str | Path | None = None,
    orientation: str | None = None,
    segment: str | None = None,
    implant_segment: str | None = None,
    mesh_unit: str | None = None,
    mesh_space: str | None = None,
    picture: bool = True,
    progress: ProgressCallback | None = None,
) -> dict[str, Any]:
    """Divide the skull in a file into regions and write all results into a folder.

    Writes ``regions.nrrd`` (labels 0 to 9), ``regions.csv``, ``regions.json`` and, with a picture, ``regions.png``. If
    anything fails, no file is written.

    Args:
        skull: File of a skull, complete or not.
        out: Folder to write into.
        implant: File of an implant or defect in the same space; its regions, side and size are reported.
        method: See :func:`CraNeXtLib.anatomy.categorization.categorize.categorize`.
        template: File of a label map to use instead of the bundled template.
        orientation: Directions of the array axes of skull and implant, where their headers lack them.
        segment: Segment or label to read from the skull's file, or several with commas.
        implant_segment: Segment or label to read from the implant's file, likewise.
        mesh_unit: Unit of meshes that state none, such as ``"cm"``.
        mesh_space: ``"LPS"`` or ``"RAS"``, for meshes that do not state their space.
        picture: Whether to draw the skull from six sides.
        progress: Called with the stage and the overall fraction; may raise CancelledError to stop.

    Returns:
        The content of ``regions.json``; ``files`` lists the files written.

    Raises:
        InputError: If a file cannot be used or the folder cannot be written.
    """
    stages = Stages(_STAGE_SHARES, progress)
    with case_folder(out, _DESCRIPTION, inputs=(skull, implant, template)) as folder:
        with stages.stage("Reading"):
            frame = MeshFrame.given(mesh_unit, mesh_space)
            read = read_skull(skull, orientation=orientation, segment=segment, frame=frame)
            volume, warnings = read.mask, read.warnings
            defect = None
            if implant is not None:  # it may lie on another grid, as only its place counts
                part = read_implant(implant, read, orientation=orientation, segment=implant_segment, frame=frame)
                defect, warnings = part.mask, (*warnings, *part.warnings)
                check_implant(defect, volume, name=Path(implant).name, skull_name=Path(skull).name)
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
            return _write_files(folder, result, analysis, picture=picture, warnings=warnings)


def categorize_cohort(
    cases: Sequence[DatasetCase], out: str | Path, *, progress: ProgressCallback | None = None
) -> dict[str, str]:
    """Divide the defective skull of every case of a data set into regions and analyze the cohort's defects.

    Writes the files of :func:`categorize_case` into ``cases/NAME`` and those of :func:`write_cohort` into the folder
    itself. A case that cannot be used is left out.

    Args:
        cases: Cases of a manifest.
        out: Folder to write into.
        progress: Called with the case and the overall fraction; may raise CancelledError to stop.

    Returns:
        Reasons why cases were left out, by case name.

    Raises:
        InputError: If no case has a defect, or the folder cannot be written.
    """
    names: list[str] = []
    errors: dict[str, str] = {}

    def folder_of(case: DatasetCase) -> Path:
        return Path(out) / "cases" / case.name.replace("/", "-")

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
                discard_results(folder_of(case), _DESCRIPTION)  # of an earlier run, when the files were others
                continue
            with case_folder(folder_of(case), _DESCRIPTION) as folder:
                _write_files(folder, result, analysis, picture=False)
            names.append(case.name)
            yield pair.implant, result

    write_cohort(names, categorized(), out)
    return errors


def _write_files(
    folder: CaseFolder,
    result: Categorization,
    analysis: DefectAnalysis | None,
    *,
    picture: bool,
    warnings: Sequence[str] = (),
) -> dict[str, Any]:
    """Write one skull's files and return the content of ``regions.json``."""
    write_volume(result.labels, folder.path / "regions.nrrd")
    _write_table(result, folder.path / "regions.csv")
    if picture:
        write_region_picture(result.labels, folder.path / "regions.png")
    return folder.write_description(_describe(result, analysis, warnings))


def _write_table(result: Categorization, path: Path) -> None:
    rows = [asdict(row) for row in result.table]
    path.write_text(csv_text(rows, list(rows[0])), encoding="utf-8", newline="")


def _describe(result: Categorization, implant: DefectAnalysis | None, warnings: Sequence[str]) -> dict[str, Any]:
    """Return the content of ``regions.json`` without ``files``."""
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
        "warnings": [*warnings, *result.warnings],
    }
    if implant is not None:
        description["implant"] = asdict(implant)
    return description
