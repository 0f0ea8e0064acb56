"""The surfaces of a result. They coincide, so the 3D view shows one at a time."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.slicer_ui.scene.evaluation_nodes import map_titles
from CraNeXtLib.slicer_ui.scene.part_nodes import fit_titles
from CraNeXtLib.slicer_ui.scene.result_references import EVALUATION, EXPECTED_ERROR, PART, SURFACE, referenced_node
from CraNeXtLib.slicer_ui.translation import _

RIMS = ("gap_mm", "rim_map")
"""Surfaces that consist of a rim only."""

IMPLANT_SURFACE, PART_SURFACE, DISTANCES = "implant", "part", "distance_map"


def surfaces_of(result: Any) -> dict[str, tuple[str, Any]]:
    """Return title and model node of each surface of a result by key, the implant's first.

    Args:
        result: The segmentation of a reconstruction.
    """
    plain = {
        IMPLANT_SURFACE: (_("Implant"), SURFACE),
        "expected_error": (_("Implant: expected error"), EXPECTED_ERROR),
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
    return {key: (title, node) for key, (title, node) in found.items() if node is not None}
