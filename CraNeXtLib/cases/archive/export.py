"""Write a case as DICOM files for the archive: the work of ``cranext export``."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from CraNeXtLib.anatomy.ct.dicom_series import find_series
from CraNeXtLib.anatomy.ct.dicom_slices import read_slices
from CraNeXtLib.cases.archive.dicom_objects import encapsulated_pdf, encapsulated_stl, segmentation
from CraNeXtLib.cases.archive.exported_case import ExportedCase
from CraNeXtLib.cases.archive.place_check import check_place
from CraNeXtLib.cases.archive.source_series import SourceSeries
from CraNeXtLib.cases.case_folder import case_folder
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE, __version__
from CraNeXtLib.core.progress import ProgressCallback, Stages
from CraNeXtLib.geometry.lattice import box_on_lattice, on_one_grid
from CraNeXtLib.geometry.volume import Volume

EXPORT_FILE = "export.json"
_FORMAT_VERSION = 1
_STAGE_SHARES = {"Reading": 0.6, "Writing": 0.4}


def export_case(
    case: str | Path,
    ct: str | Path,
    out: str | Path,
    *,
    series: str | None = None,
    patient: bool = False,
    progress: ProgressCallback | None = None,
) -> dict[str, Any]:
    """Write a reconstructed case or a finished implant as DICOM files that belong to the study of its CT.

    Writes ``implant_seg.dcm`` (a segmentation with the implant and the finished implant), ``implant_stl.dcm`` (the
    surface of the finished implant or, without one, of the implant), ``report_pdf.dcm`` if the case has a report, and
    ``export.json``. If anything fails, no file is written.

    Args:
        case: Folder with ``result.json``, of a reconstruction or of the panel's export; or with ``finish.json``.
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
    stages = Stages(_STAGE_SHARES, progress)
    with case_folder(out, EXPORT_FILE) as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of pydicom and highdicom may print the patient's name
        with stages.stage("Reading"):
            read = ExportedCase.read(Path(case))
            found = find_series(Path(ct), series=series)
            scan = read_slices(found).volume
            check_place(read, scan, found.name)
            case_id = read.description["case_id"]
            source = SourceSeries.of(found, case_id=case_id, patient=patient)
        with stages.stage("Writing"):
            on_slices = dict(zip(read.masks, _on_grid_of(scan, [*read.masks.values()]), strict=True))
            (folder.path / "implant_seg.dcm").write_bytes(segmentation(on_slices, source))
            stl = encapsulated_stl(read.surface(), source, title=read.title, burned_in=read.engraved)
            (folder.path / "implant_stl.dcm").write_bytes(stl)
            report = read.report()
            if report is not None:
                (folder.path / "report_pdf.dcm").write_bytes(encapsulated_pdf(report, source))
            return folder.write_description(
                {
                    "format": "cranext-export",
                    "version": _FORMAT_VERSION,
                    "notice": RESEARCH_USE_NOTICE,
                    "case_id": case_id,
                    "patient": patient,
                    "warnings": read.description["warnings"],
                    "versions": {"cranext": __version__},
                }
            )


def _on_grid_of(ct: Volume, masks: list[Volume]) -> list[Volume]:
    """Return masks on the slices of a CT, if they share its voxels; else on a grid of their own."""
    if any(box_on_lattice(mask, ct) is None for mask in masks):
        return [*on_one_grid(*masks)]
    return [*on_one_grid(ct, *masks)[1:]]
