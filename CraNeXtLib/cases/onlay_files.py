"""The files of a titanium sheet: its mesh, and its flattened outline at its true size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np

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

ONLAY = "onlay"

_MARGIN_MM, _RULER_MM, _LINE_MM = 10.0, 50.0, 6.0


def write_onlay(
    implant: Volume,
    skull: Volume,
    folder: Path,
    *,
    thickness_mm: float,
    overlap_mm: float,
    space: str,
    case: CaseMark | None = None,
) -> list[dict[str, Any]]:
    """Write a sheet over each piece of an implant.

    Writes ``onlay.stl``, the sheets as named parts of ``onlay.3mf``, and the outline of each, laid flat, as
    ``onlay.svg``, or ``onlay_1.svg`` and so on if there are several.

    Args:
        implant: Mask of the implant.
        skull: Mask of the defective skull, of the same geometry.
        folder: Folder to write into.
        thickness_mm: Thickness of the sheets.
        overlap_mm: How far they reach over the bone.
        space: Coordinates of the meshes, ``"LPS"`` or ``"RAS"``.
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
    described = []
    for number, sheet in zip(numbers, sheets, strict=True):
        flat = flattened(sheet.under, sheet.start)
        outline = flat.points[sheet.loop]
        write_text(folder / f"{ONLAY}{number}.svg", svg_outline(outline, _notes(case, thickness_mm, flat)))
        described.append(_described(sheet, flat, thickness_mm, overlap_mm))
    return described


def svg_outline(outline: np.ndarray, notes: Sequence[str]) -> str:
    """Return a closed outline at its true size as SVG, with a ruler and lines of text below it.

    Args:
        outline: Corners in mm, x to the right and y up, shape (N, 2).
        notes: The lines of text.
    """
    low, high = outline.min(axis=0), outline.max(axis=0)
    below = (2 + len(notes)) * _LINE_MM
    width, height = max(float(high[0] - low[0]), 3 * _RULER_MM) + 2 * _MARGIN_MM, float(high[1] - low[1])
    points = np.column_stack([outline[:, 0] - low[0], high[1] - outline[:, 1]]) + _MARGIN_MM
    path = "M" + " L".join(f"{x:.3f},{y:.3f}" for x, y in points) + " Z"
    ruler = height + 2 * _MARGIN_MM
    style = 'fill="none" stroke="black" stroke-width="0.2"'
    text = "".join(
        f'<text x="{_MARGIN_MM}" y="{ruler + (1 + number) * _LINE_MM:.3f}" font-size="4">{escape(note)}</text>'
        for number, note in enumerate(notes, 1)
    )
    full = height + 2 * _MARGIN_MM + below
    length = f'<text x="{_MARGIN_MM + _RULER_MM + 2}" y="{ruler + 1:.3f}" font-size="4">{_RULER_MM:g} mm</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.3f}mm" height="{full:.3f}mm" '
        f'viewBox="0 0 {width:.3f} {full:.3f}"><path id="outline" d="{path}" {style}/>'
        f'<path id="ruler" d="M{_MARGIN_MM},{ruler:.3f} h{_RULER_MM}" {style}/>'
        f"{length}{text}</svg>\n"
    )


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
