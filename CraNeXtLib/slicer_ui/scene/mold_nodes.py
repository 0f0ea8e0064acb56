"""The mold of a finished part in the scene: its halves, the molded part, a spring form, and a table of measures."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import vtk

from CraNeXtLib.slicer_ui.scene.removal import remove_node
from CraNeXtLib.slicer_ui.scene.result_nodes import add_model, fill_columns, place_beside
from CraNeXtLib.slicer_ui.scene.result_references import referenced_node, set_referenced_node
from CraNeXtLib.slicer_ui.scene.worker_files import read_surface
from CraNeXtLib.slicer_ui.translation import _

MOLD = "CraNeXt.Mold"
"""Role of the table that a finished part references, which in turn references the models by the names of their files;
also the table's attribute with the content of ``mold.json``."""

MOLD_FILE = "mold.json"
MOLDED_PART = "molded_part"

_COLORS = {"mold_outer": (0.55, 0.7, 0.55), "mold_inner": (0.7, 0.6, 0.5), MOLDED_PART: (0.35, 0.75, 0.85)}
_SPRING_COLOR = (0.65, 0.6, 0.75)
_HALF_OPACITY = 0.5  # the molded part shows in its cavity


def add_mold(part: Any, folder: Path, description: Mapping[str, Any]) -> Any:
    """Put the mold that the worker wrote into the scene, replacing an earlier one, and return its table of measures.

    Args:
        part: Model node of the finished part.
        folder: Folder of the mold's files.
        description: The content of ``mold.json``.

    Raises:
        InputError: If a file cannot be read.
    """
    names = [Path(name).stem for name in description["files"] if name.endswith(".stl")]
    surfaces = {name: read_surface(folder / f"{name}.stl") for name in names}
    remove_mold(part)
    table = part.GetScene().AddNewNodeByClass("vtkMRMLTableNode", _("{name} mold").format(name=part.GetName()))
    columns = {title: vtk.vtkStringArray() for title in (_("Measure"), _("Value"), _("Unit"))}
    for row in mold_rows(description):
        for column, cell in zip(columns.values(), row, strict=True):
            column.InsertNextValue(cell)
    fill_columns(table, columns)
    table.SetAttribute(MOLD, json.dumps({**description, "models": names}))
    place_beside(table, part)
    set_referenced_node(part, MOLD, table)
    for name, surface in surfaces.items():
        color = _COLORS.get(_half(name), _SPRING_COLOR)
        opacity = 1.0 if name == MOLDED_PART else _HALF_OPACITY
        title = f"{part.GetName()}: {_title(name)}"
        set_referenced_node(table, name, add_model(title, surface, color, beside=part, opacity=opacity))
    return table


def remove_mold(part: Any) -> None:
    """Remove the mold of a part from the scene, for example because it is out of date."""
    table = referenced_node(part, MOLD)
    if table is None:
        return
    for node in (*(node for _title, node in mold_models(part).values()), table):
        remove_node(node)


def mold_models(part: Any) -> dict[str, tuple[str, Any]]:
    """Return title and model node of everything that belongs to the mold of a part, by the names of the files."""
    table = referenced_node(part, MOLD)
    if table is None:
        return {}
    found = {name: (_title(name), referenced_node(table, name)) for name in mold_description(table)["models"]}
    return {name: (title, node) for name, (title, node) in found.items() if node is not None}


def mold_description(table: Any) -> dict[str, Any]:
    """Return the content of ``mold.json``, with the names of the ``models`` in the scene."""
    return json.loads(table.GetAttribute(MOLD))


def is_half(name: str) -> bool:
    """Return whether the model of a name is a half of the mold, or a piece of one."""
    return _half(name) in ("mold_outer", "mold_inner")


def mold_rows(description: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return measure, value and unit of each measure of a mold.

    Args:
        description: The content of ``mold.json``.
    """
    mold, form = description["mold"], description["spring_form"]
    material, pieces = mold["material_ml"], sum(mold["pieces"].values())
    rows = [
        (_("Material needed"), f"{material['total']:.1f}", "mL"),
        (_("Material of the part"), f"{material['part']:.1f}", "mL"),
        (_("Material of sprue and vents"), f"{material['sprue_and_vents']:.1f}", "mL"),
        (_("Material in the overflow channel"), f"{material['overflow']:.1f}", "mL"),
        (_("Size"), " × ".join(f"{side:.0f}" for side in mold["size_mm"]), "mm"),
        (_("Opens along R, A, S"), ", ".join(f"{value:.2f}" for value in mold["opening_ras"]), ""),
        (_("Deepest undercut, filled"), f"{mold['undercut']['depth_mm']:.2f}", "mm"),
        (_("Cavity off the part, at most"), f"{mold['check']['cavity_mm']:.3f}", "mm"),
        (_("Keys, vents, printed pieces"), f"{mold['keys']}, {mold['vents']}, {pieces}", ""),
    ]
    return [*rows, (_("Ring of the spring form"), f"{form['ring_ml']:.1f}", "mL")] if form else rows


def _half(name: str) -> str:
    """Return the name of the half that a piece is of; of other models, their own."""
    return re.sub(r"_\d+$", "", name)


def _title(name: str) -> str:
    titles = {
        "mold_outer": _("Mold: outer half"),
        "mold_inner": _("Mold: inner half"),
        MOLDED_PART: _("Mold: molded part"),
        "spring_mold": _("Spring form: mold"),
        "spring_ring": _("Spring form: ring"),
    }
    half = _half(name)
    piece = name.removeprefix(half).strip("_")
    title = titles.get(half, half)
    return _("{title}, piece {piece}").format(title=title, piece=piece) if piece else title
