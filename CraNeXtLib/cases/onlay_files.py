"""The files of a titanium sheet: its mesh, its flattened outline at its true size, and a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from CraNeXtLib.cases.outlines import dxf_outline, svg_outline
from CraNeXtLib.core.files.text import write_text
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE
from CraNeXtLib.geometry.components import labeled, largest_first
from CraNeXtLib.geometry.mesh import joined
from CraNeXtLib.geometry.mesh_formats.mesh_files import CaseMark, write_3mf, write_stl
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing.cleaning import SPECKS_MM3
from CraNeXtLib.implant.fit.materials import weight_g
from CraNeXtLib.implant.onlay.flattening import Flattening, flattened
from CraNeXtLib.implant.onlay.sheet import Sheet, onlay_sheet
from CraNeXtLib.pictures.onlay_picture import ONLAY_PICTURE, write_onlay_picture

ONLAY = "onlay"


def write_onlay(
    implant: Volume,
    skull: Volume,
    folder: Path,
    *,
    thickness_mm: float,
    overlap_mm: float,
    space: str,
    picture: bool = False,
    case: CaseMark | None = None,
) -> list[dict[str, Any]]:
    """Write a sheet over each piece of an implant.

    Writes ``onlay.stl``, the sheets as named parts of ``onlay.3mf``, the outline of each, laid flat, as ``onlay.svg``
    and ``.dxf``, or ``onlay_1.svg`` and so on if there are several, and, with a picture, ``onlay.png``.

    Args:
        implant: Mask of the implant.
        skull: Mask of the defective skull, of the same geometry.
        folder: Folder to write into.
        thickness_mm: Thickness of the sheets.
        overlap_mm: How far they reach over the bone.
        space: Coordinates of the meshes, ``"LPS"`` or ``"RAS"``.
        picture: Whether to draw the sheets on the skull, too.
        case: Which case it is.

    Returns:
        The sheets for JSON, that of the largest piece first.

    Raises:
        InputError: If a size is out of its range, there is nothing to lie on, or a file cannot be written.
    """
    labels, sizes = labeled(implant.voxels != 0, corners=True)
    large = [label for label in largest_first(sizes) if sizes[label] * implant.voxel_volume_mm3 >= SPECKS_MM3]
    pieces = [implant.with_voxels(labels == label) for label in large]
    sheets = [onlay_sheet(piece, skull, thickness_mm=thickness_mm, overlap_mm=overlap_mm) for piece in pieces]
    numbers = [f"_{number}" if len(sheets) > 1 else "" for number in range(1, len(sheets) + 1)]
    write_stl(joined([sheet.solid for sheet in sheets]), folder / f"{ONLAY}.stl", space=space, case=case)
    parts = {f"Onlay{number.replace('_', ' ')}": sheet.solid for number, sheet in zip(numbers, sheets, strict=True)}
    write_3mf(parts, folder / f"{ONLAY}.3mf", title="Titanium onlay", space=space, case=case)
    if picture:
        case_id = case.case_id if case else ""
        write_onlay_picture([s.solid for s in sheets], implant, skull, folder / ONLAY_PICTURE, case_id=case_id)
    described = []
    for number, sheet in zip(numbers, sheets, strict=True):
        flat = flattened(sheet.under, sheet.start)
        outline, notes = flat.points[sheet.loop], _notes(case, thickness_mm, flat)
        write_text(folder / f"{ONLAY}{number}.svg", svg_outline(outline, notes))
        write_text(folder / f"{ONLAY}{number}.dxf", dxf_outline(outline, notes))
        described.append(_described(sheet, flat, thickness_mm, overlap_mm))
    return described


def _notes(case: CaseMark | None, thickness_mm: float, flat: Flattening) -> list[str]:
    largest, most = flat.largest_strain_percent, flat.p95_strain_percent
    of_case = f"Case {case.case_id}. " if case else ""
    return [
        f"{of_case}Titanium onlay, {thickness_mm:g} mm, laid flat, 1:1, outer side toward you.",
        f"Laying flat changed lengths by up to {largest:.1f} %, 95 % of them by less than {most:.1f} %.",
        RESEARCH_USE_NOTICE,
    ]


def _described(sheet: Sheet, flat: Flattening, thickness_mm: float, overlap_mm: float) -> dict[str, Any]:
    median, widest = sheet.gap_mm
    return {
        "thickness_mm": thickness_mm,
        "overlap_mm": overlap_mm,
        "area_cm2": round(sheet.area_cm2, 1),
        "volume_ml": round(sheet.solid.volume_ml, 3),
        "weight_g": round(weight_g(sheet.solid.volume_ml, "titanium"), 1),
        "watertight": sheet.solid.is_watertight,
        "gap_mm": {"median": round(median, 2), "max": round(widest, 2)},
        "flat_mm": np.round(np.ptp(flat.points, axis=0), 1).tolist(),
        "strain_percent": {"p95": round(flat.p95_strain_percent, 1), "max": round(flat.largest_strain_percent, 1)},
        "area_change_percent": round(flat.area_percent, 2),
    }
