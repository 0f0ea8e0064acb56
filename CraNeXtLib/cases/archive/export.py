"""Write a case as DICOM files for the archive: the work of ``cranext export``."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from CraNeXtLib.anatomy.ct.dicom_series import find_series
from CraNeXtLib.anatomy.ct.dicom_slices import read_slices
from CraNeXtLib.cases.archive.dicom_objects import encapsulated_pdf, encapsulated_stl, segmentation
from CraNeXtLib.cases.archive.source_series import SourceSeries
from CraNeXtLib.cases.case_folder import case_folder
from CraNeXtLib.cases.checked_part import FINISHED
from CraNeXtLib.cases.result_json import RESULT_FILE
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE, __version__
from CraNeXtLib.core.progress import ProgressCallback, Stages
from CraNeXtLib.geometry.lattice import box_on_lattice, on_one_grid
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_mask

EXPORT_FILE = "export.json"
_FORMAT_VERSION = 1
_STAGE_SHARES = {"Reading": 0.6, "Writing": 0.4}
_BONE_HU = 100.0
_LEAST_BONE = 0.85
# Of the clinical development CT's own skull, all is above 100 HU; 0.87 if it is shifted by 2 mm, 0.81 if mirrored.
_REPORT = "report.pdf"


def export_case(
    case: str | Path,
    ct: str | Path,
    out: str | Path,
    *,
    series: str | None = None,
    patient: bool = False,
    progress: ProgressCallback | None = None,
) -> dict[str, Any]:
    """Write a reconstructed case as DICOM files that belong to the study of its CT.

    Writes ``implant_seg.dcm`` (a segmentation with the implant and the finished implant), ``implant_stl.dcm`` (the
    surface of the finished implant or, without one, of the implant), ``report_pdf.dcm`` if the case has a report, and
    ``export.json``. If anything fails, no file is written.

    Args:
        case: Folder with ``result.json``, of a reconstruction or of the panel's export.
        ct: Folder of the DICOM series of the CT, or one of its files.
        out: Folder to write into.
        series: Number, description, end of the UID or date of the series, if there are several.
        patient: Whether to take over from the series who the patient is; otherwise the files name only the case's ID.
        progress: Called with the stage and the overall fraction; may raise CancelledError to stop.

    Returns:
        The content of ``export.json``; ``files`` lists the files written.

    Raises:
        InputError: If a file cannot be used, the CT is not that of the case, or the folder cannot be written.
    """
    case, stages = Path(case), Stages(_STAGE_SHARES, progress)
    with case_folder(out, EXPORT_FILE) as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of pydicom and highdicom may print the patient's name
        with stages.stage("Reading"):
            result = _read_result(case)
            names = [name for name in (FINISHED, "implant") if f"{name}.stl" in result["files"]]
            implant, complete = (read_mask(case / f"{name}.nrrd") for name in ("implant", "complete_skull"))
            masks = {"Implant": implant}
            if names[0] == FINISHED:
                masks["Finished implant"] = read_mask(case / f"{FINISHED}.nrrd")
            found = find_series(Path(ct), series=series)
            scan = read_slices(found).volume
            _check_bone(complete.with_voxels(complete.voxels & ~implant.voxels), scan, case, found.name)
            source = SourceSeries.of(found, case_id=result["case_id"], patient=patient)
        with stages.stage("Writing"):
            on_slices = dict(zip(masks, _on_grid_of(scan, [*masks.values()]), strict=True))
            (folder.path / "implant_seg.dcm").write_bytes(segmentation(on_slices, source))
            title = "Finished implant" if names[0] == FINISHED else "Implant"
            engraved = bool((result.get("finishing") or {}).get("settings", {}).get("engraving"))
            stl = encapsulated_stl(_content(case / f"{names[0]}.stl"), source, title=title, burned_in=engraved)
            (folder.path / "implant_stl.dcm").write_bytes(stl)
            if _REPORT in result["files"]:
                (folder.path / "report_pdf.dcm").write_bytes(encapsulated_pdf(_content(case / _REPORT), source))
            return folder.write_description(
                {
                    "format": "cranext-export",
                    "version": _FORMAT_VERSION,
                    "notice": RESEARCH_USE_NOTICE,
                    "case_id": result["case_id"],
                    "patient": patient,
                    "warnings": result["warnings"],
                    "versions": {"cranext": __version__},
                }
            )


def _read_result(case: Path) -> dict[str, Any]:
    """Return the ``result.json`` of a case with an implant that may be made."""
    try:
        result = json.loads((case / RESULT_FILE).read_text(encoding="utf-8"))
        known = result["format"] == "cranext-result"
    except (OSError, ValueError, TypeError, KeyError):
        known = False
    if not known:
        raise InputError(f"{case} has no {RESULT_FILE}; give the folder of a reconstructed case.")
    if result.get("outcome") != "implant":
        raise InputError(f"Nothing is missing from the skull of {case}, so there is no implant to export.")
    if result["preview"]:
        raise InputError(f"{case} is a quick preview; reconstruct the skull without --preview before you export it.")
    return result


def _check_bone(skull: Volume, ct: Volume, case: Path, series: str) -> None:
    """Refuse a CT that does not show bone where the case has its skull: that of another scan or patient."""
    indices = np.rint(ct.to_indices(skull.to_ras(np.argwhere(skull.voxels)))).astype(int)
    inside = indices[((indices >= 0) & (indices < ct.shape)).all(axis=1)]
    bone = np.count_nonzero(ct.voxels[tuple(inside.T)] >= _BONE_HU) / max(1, len(indices))
    if bone < _LEAST_BONE:
        raise InputError(
            f"Only {bone:.0%} of the skull of {case} is bone in series {series}; choose the CT that the case was made "
            "from, with --series if the folder holds several."
        )


def _on_grid_of(ct: Volume, masks: list[Volume]) -> list[Volume]:
    """Return masks on the slices of a CT, if they share its voxels; else unchanged."""
    if any(box_on_lattice(mask, ct) is None for mask in masks):
        return masks
    return [*on_one_grid(ct, *masks)[1:]]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror or error}; reconstruct the case again.") from error
