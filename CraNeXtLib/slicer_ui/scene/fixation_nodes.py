"""Plates, screws and holes for sutures in the scene: a point for each screw and hole, and what a table lists."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import slicer

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.slicer_ui.translation import _

FIXATION_MARKUPS = "fixation.mrk.json"
"""File name. Repeated here because the module that writes the file imports packages that Slicer lacks."""

_GLYPH_MM = 2.5
_COLOR = (0.85, 0.2, 0.2)


def read_fixation(path: Path) -> Any:
    """Return a markups node, in no scene yet, with the points that the worker wrote, in RAS mm.

    Raises:
        InputError: If the file cannot be read.
    """
    node, storage = slicer.vtkMRMLMarkupsFiducialNode(), slicer.vtkMRMLMarkupsJsonStorageNode()
    storage.SetFileName(str(path))
    if not storage.ReadData(node):
        raise InputError(_("Cannot read the result {file}. Run the computation again.").format(file=path.name))
    return node


def add_fixation(scene: Any, node: Any, name: str) -> None:
    """Put the points of screws and holes into a scene and lock them: moving one changes no part."""
    node.SetName(name)
    node.SetLocked(True)
    scene.AddNode(node)
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    for color in (display.SetColor, display.SetSelectedColor):
        color(*_COLOR)
    display.UseGlyphScaleOff()  # so that a glyph has a size in mm
    display.SetGlyphSize(_GLYPH_MM)
    display.PointLabelsVisibilityOff()  # dozens of labels would cover the part


def fixation_rows(description: Mapping[str, Any]) -> list[tuple[str, str, tuple[float, float, float]]]:
    """Return name, size and position, RAS in mm, of each screw and hole of a finished part.

    Args:
        description: The content of ``result.json``.
    """
    names = {
        "screw in part": _("screw in the part"),
        "screw in bone": _("screw in the bone"),
        "suture": _("suture hole"),
        "suspension": _("suspension hole"),
    }
    rows = []
    pieces = (description.get("finishing") or {}).get("pieces", [])
    for index, piece in enumerate(pieces, 1):
        of_piece = _("Piece {number}: ").format(number=index) if len(pieces) > 1 else ""
        for number, plate in enumerate(piece["plates"], 1):
            for screw in plate["screws"]:
                what = _("plate {number}, {what}").format(number=number, what=names[screw["purpose"]])
                rows.append((of_piece + what, _size(screw), tuple(screw["place_ras_mm"])))
        rows.extend((of_piece + names[h["purpose"]], _size(h), tuple(h["place_ras_mm"])) for h in piece["holes"])
    return rows


def _size(hole: Mapping[str, Any]) -> str:
    return _("⌀ {diameter:.1f}, depth {depth:.1f} mm").format(diameter=hole["diameter_mm"], depth=hole["depth_mm"])
