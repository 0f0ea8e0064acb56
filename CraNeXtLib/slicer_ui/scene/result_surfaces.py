"""The surfaces of a result, of which the 3D view shows one at a time, since they lie in one place."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.slicer_ui.scene.evaluation_nodes import map_titles
from CraNeXtLib.slicer_ui.scene.part_nodes import fit_titles
from CraNeXtLib.slicer_ui.scene.result_references import EVALUATION, EXPECTED_ERROR, PART, SURFACE, referred
from CraNeXtLib.slicer_ui.translation import _

RIMS = ("gap_mm", "rim_map")
"""The surfaces that are only a rim."""

IMPLANT_SURFACE, PART_SURFACE, DISTANCES = "implant", "part", "distance_map"


def surfaces_of(result: Any) -> dict[str, tuple[str, Any]]:
    """Return title and model node of every surface that a result has, the implant's first.

    Args:
        result: The segmentation of a reconstruction.
    """
    plain = {
        IMPLANT_SURFACE: (_("Implant"), SURFACE),
        "expected_error": (_("Implant as computed: expected error"), EXPECTED_ERROR),
        PART_SURFACE: (_("Part to be made"), PART),
    }
    found = {key: (title, referred(result, role)) for key, (title, role) in plain.items()}
    fit = {
        "gap_mm": _("Part: gap to the bone"),
        "thickness_mm": _("Part: thickness"),
        "symmetry_mm": _("Part: beyond the mirrored side"),
    }
    comparison = {
        DISTANCES: _("Comparison: distance to the reference"),
        "rim_map": _("Comparison: gap between rim and skull"),
        "sdh_implant": _("Comparison: seen from outside"),
        "sdh_reference": _("Comparison: the reference seen from outside"),
    }
    for titles, known, owner in ((fit, fit_titles(), PART), (comparison, map_titles(), EVALUATION)):
        node = referred(result, owner)
        if node is not None:
            found |= {key: (titles[key], referred(node, key)) for key in known}
    return {key: (title, node) for key, (title, node) in found.items() if node is not None}
