"""Models of bone to print and a titanium sheet in the scene."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from CraNeXtLib.slicer_ui.scene.implant_nodes import BONE_COLOR
from CraNeXtLib.slicer_ui.scene.removal import remove_node
from CraNeXtLib.slicer_ui.scene.result_nodes import add_model
from CraNeXtLib.slicer_ui.scene.result_references import referenced_node, set_referenced_node
from CraNeXtLib.slicer_ui.scene.worker_files import read_surface
from CraNeXtLib.slicer_ui.translation import _

MODELS_ATTRIBUTE = "CraNeXt.Models"
"""Attribute of a result's segmentation with the content of ``models.json``."""

MODELS_FILE = "models.json"
BONE_MODEL, SKULL_MODEL, ONLAY = "bone_model", "skull_model", "onlay"
"""Names of the files and keys of the surfaces."""

_SHEET_COLOR = (0.75, 0.75, 0.8)


def model_titles() -> dict[str, str]:
    """Return the title of each model by its name."""
    return {
        BONE_MODEL: _("Model of the bone around the defect"),
        SKULL_MODEL: _("Model of the skull"),
        ONLAY: _("Titanium onlay"),
    }


def add_models(segmentation: Any, folder: Path, description: Mapping[str, Any]) -> None:
    """Put the models that the worker wrote into the scene; earlier ones leave it.

    Args:
        segmentation: The reconstruction that they belong to.
        folder: Folder of the worker's files.
        description: The content of ``models.json``.

    Raises:
        InputError: If a file cannot be read.
    """
    made = {name: title for name, title in model_titles().items() if name in description}
    surfaces = {name: read_surface(folder / f"{name}.stl") for name in made}
    remove_models(segmentation)
    for name, surface in surfaces.items():
        color = _SHEET_COLOR if name == ONLAY else BONE_COLOR
        node = add_model(f"{segmentation.GetName()}: {made[name]}", surface, color, beside=segmentation)
        set_referenced_node(segmentation, _role(name), node)
    segmentation.SetAttribute(MODELS_ATTRIBUTE, json.dumps(description))


def remove_models(segmentation: Any) -> None:
    """Remove a result's models from the scene, for example because they are out of date."""
    for node in models_of(segmentation).values():
        remove_node(node)
    segmentation.RemoveAttribute(MODELS_ATTRIBUTE)


def models_of(segmentation: Any) -> dict[str, Any]:
    """Return the model nodes of a result by name."""
    found = {name: referenced_node(segmentation, _role(name)) for name in model_titles()}
    return {name: node for name, node in found.items() if node is not None}


def model_rows(segmentation: Any) -> list[tuple[str, str, str]]:
    """Return measure, value and unit of each measure of a result's models."""
    description = json.loads(segmentation.GetAttribute(MODELS_ATTRIBUTE) or "{}")
    rows = []
    if bone := description.get(BONE_MODEL):
        rows.append((_("Bone around the defect"), f"{bone['volume_ml']:.1f}", "mL"))
    if skull := description.get(SKULL_MODEL):
        rows += [
            (_("Skull, triangles"), f"{skull['triangles']}", ""),
            (_("Skull, largest distance"), f"{skull['largest_distance_mm']:.3f}", "mm"),
        ]
    for sheet in description.get(ONLAY, []):
        gap, (width, height) = sheet["gap_mm"], sheet["flat_mm"]
        rows += [
            (_("Onlay, area"), f"{sheet['area_cm2']:.1f}", "cm²"),
            (_("Onlay, weight in titanium"), f"{sheet['weight_g']:.1f}", "g"),
            (_("Onlay, gap to bone, median and widest"), f"{gap['median']:.1f}, {gap['max']:.1f}", "mm"),
            (_("Onlay, size laid flat"), f"{width:.0f} × {height:.0f}", "mm"),
            (_("Onlay, strain by laying flat, most"), f"{sheet['strain_percent']['max']:.1f}", "%"),
        ]
    return rows


def _role(name: str) -> str:
    """Return the role of a model in the references of a result."""
    return "CraNeXt." + "".join(word.capitalize() for word in name.split("_"))
