"""Plates and holes as a table, and as markups that 3D Slicer opens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from CraNeXtLib.core.files.csv_tables import csv_text
from CraNeXtLib.core.files.text import json_text, write_text
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE
from CraNeXtLib.implant.finishing.finished_implant import FinishedPiece
from CraNeXtLib.implant.finishing.hole_candidates import Hole

FIXATION_TABLE, FIXATION_MARKUPS = "fixation.csv", "fixation.mrk.json"

_COLUMNS = [
    "piece",
    "plate",
    "purpose",
    "r_mm",
    "a_mm",
    "s_mm",
    "axis_r",
    "axis_a",
    "axis_s",
    "diameter_mm",
    "depth_mm",
    "edge_mm",
    "midline_mm",
    "recess_mm",
    "spur_mm",
    "spur_r",
    "spur_a",
    "spur_s",
]
_SCHEMA = (
    "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/Schema/"
    "markups-schema-v1.0.3.json#"
)


def write_fixation(pieces: Sequence[FinishedPiece], folder: Path) -> None:
    """Write ``fixation.csv`` and ``fixation.mrk.json`` with a row and a point for each screw and hole, in RAS mm.

    Args:
        pieces: What finishing did to each piece.
        folder: Folder to write into.

    Raises:
        InputError: If a file cannot be written.
    """
    rows = [row for number, piece in enumerate(pieces, 1) for row in _rows(number, piece)]
    write_text(folder / FIXATION_TABLE, csv_text(rows, _COLUMNS))
    points = [
        {
            "id": str(number),
            "label": f"{row['purpose']}{f', plate {plate}' if (plate := row['plate']) else ''}",
            "description": RESEARCH_USE_NOTICE,
            "position": [row["r_mm"], row["a_mm"], row["s_mm"]],
        }
        for number, row in enumerate(rows, 1)
    ]
    markups = {"type": "Fiducial", "coordinateSystem": "RAS", "coordinateUnits": "mm", "controlPoints": points}
    write_text(folder / FIXATION_MARKUPS, json_text({"@schema": _SCHEMA, "markups": [markups]}))


def _rows(number: int, piece: FinishedPiece) -> list[dict[str, Any]]:
    plates = [
        {"piece": number, "plate": index, "recess_mm": plate.recess_mm, **_row(screw)}
        for index, plate in enumerate(piece.plates, 1)
        for screw in plate.screws
    ]
    return [*plates, *({"piece": number, "plate": "", **_row(hole)} for hole in piece.holes)]


def _row(hole: Hole) -> dict[str, Any]:
    spur = hole.spur
    return {
        "purpose": hole.purpose,
        **dict(zip(("r_mm", "a_mm", "s_mm"), hole.place_ras_mm, strict=True)),
        **dict(zip(("axis_r", "axis_a", "axis_s"), hole.axis_ras, strict=True)),
        "diameter_mm": hole.diameter_mm,
        "depth_mm": hole.depth_mm,
        "edge_mm": hole.edge_mm,
        "midline_mm": "" if hole.midline_mm is None else hole.midline_mm,
        "spur_mm": spur.length_mm if spur else "",
        **dict(zip(("spur_r", "spur_a", "spur_s"), spur.direction_ras if spur else ("",) * 3, strict=True)),
    }
