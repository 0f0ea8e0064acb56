"""The surfaces of a result. They coincide, so the 3D view shows one at a time, and what belongs to it."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.slicer_ui.scene.evaluation_nodes import map_titles
from CraNeXtLib.slicer_ui.scene.model_nodes import BONE_MODEL, SKULL_MODEL, model_titles, models_of
from CraNeXtLib.slicer_ui.scene.mold_nodes import MOLDED_PART, is_half, mold_models
from CraNeXtLib.slicer_ui.scene.part_nodes import FIXATION, fit_titles, segments_of
from CraNeXtLib.slicer_ui.scene.result_references import (
    DONOR_MAP,
    EVALUATION,
    EXPECTED_ERROR,
    PART,
    SURFACE,
    referenced_node,
)
from CraNeXtLib.slicer_ui.translation import _

RIMS = ("gap_mm", "rim_map")
"""Surfaces that consist of a rim only."""

IMPLANT_SURFACE, PART_SURFACE, DISTANCES = "implant", "part", "distance_map"
MOLD_SURFACE, SEGMENTS_SURFACE = "mold", "segments"
"""Keys of both halves of the mold, and of all segments of the part."""


def surfaces_of(result: Any) -> dict[str, tuple[str, Any]]:
    """Return title and model node of each surface of a result by key, the implant's first.

    Args:
        result: The segmentation of a reconstruction.
    """
    plain = {
        IMPLANT_SURFACE: (_("Implant"), SURFACE),
        "expected_error": (_("Implant: expected error"), EXPECTED_ERROR),
        "donor_map": (_("Implant: from the donor"), DONOR_MAP),
        PART_SURFACE: (_("Finished part"), PART),
    }
    found = {key: (title, referenced_node(result, role)) for key, (title, role) in plain.items()}
    fit = {
        "gap_mm": _("Finished part: gap to bone"),
        "thickness_mm": _("Finished part: thickness"),
        "symmetry_mm": _("Finished part: beyond mirrored side"),
    }
    comparison = {
        DISTANCES: _("Comparison: distance to reference"),
        "rim_map": _("Comparison: gap between rim and skull"),
        "sdh_implant": _("Comparison: seen from outside"),
        "sdh_reference": _("Comparison: reference seen from outside"),
    }
    for titles, known, owner in ((fit, fit_titles(), PART), (comparison, map_titles(), EVALUATION)):
        node = referenced_node(result, owner)
        if node is not None:
            found |= {key: (titles[key], referenced_node(node, key)) for key in known}
    found |= {name: (model_titles()[name], node) for name, node in models_of(result).items()}
    part = referenced_node(result, PART)
    if part is not None:
        for segment in segments_of(part)[:1]:
            found[SEGMENTS_SURFACE] = (_("Finished part: segments"), segment)
        molded = mold_models(part)
        if MOLDED_PART in molded:
            found[MOLD_SURFACE] = (_("Mold"), molded[MOLDED_PART][1])
        found |= molded
    return {key: (title, node) for key, (title, node) in found.items() if node is not None}


def covers_skull(key: str, result: Any) -> bool:
    """Return whether the skull would hide a surface: a rim, a model of bone, or anything of a mold."""
    part = referenced_node(result, PART)
    return key in (*RIMS, BONE_MODEL, SKULL_MODEL, MOLD_SURFACE) or (part is not None and key in mold_models(part))


def show_surface(result: Any, chosen: str | None) -> None:
    """Show one surface of a result with what belongs to it, and hide the others.

    The screws and holes belong to the part and its maps, the molded part to each half of the mold, and the part or,
    without one, the implant to the models of bone.

    Args:
        result: The segmentation of a reconstruction.
        chosen: Key of the surface; None to hide all.
    """
    surfaces = surfaces_of(result)
    part = referenced_node(result, PART)
    shown = [surfaces[chosen][1]] if chosen in surfaces else []
    hidden = [node for _title, node in surfaces.values()]
    if chosen in (BONE_MODEL, SKULL_MODEL):
        shown.append(surfaces[PART_SURFACE if part is not None else IMPLANT_SURFACE][1])
    if part is not None:
        molded = {name: node for name, (_title, node) in mold_models(part).items()}
        if chosen == MOLD_SURFACE:
            shown += [node for name, node in molded.items() if is_half(name)]
        elif chosen in molded and is_half(str(chosen)):
            shown.append(molded[MOLDED_PART])
        hidden += segments_of(part)
        if chosen == SEGMENTS_SURFACE:
            shown += segments_of(part)
        points = referenced_node(part, FIXATION)
        if points is not None:
            hidden.append(points)
            if chosen in (PART_SURFACE, SEGMENTS_SURFACE, *fit_titles()):
                shown.append(points)
    for node in hidden:
        node.SetDisplayVisibility(node in shown)
