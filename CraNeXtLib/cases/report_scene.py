"""The report's scene of a case: which surfaces and maps it shows, and what they are called."""

from __future__ import annotations

from typing import Any

import numpy as np

from CraNeXtLib.cases.checked_part import FINISHED, CheckedPart
from CraNeXtLib.cases.report.viewer.scene import Legend, PaintedSurface, Scene, make_scene
from CraNeXtLib.evaluation.distance_maps import DistanceMap
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.pictures.fit_pictures import FIT_LEGENDS
from CraNeXtLib.pictures.skull_renderer import SkullScene

_TITLES = {"gap_mm": "Gap", "thickness_mm": "Thickness", "symmetry_mm": "Difference to the mirrored side"}


def report_scene(
    result: dict[str, Any],
    skull: SkullScene,
    mesh: Mesh,
    *,
    part: CheckedPart | None = None,
    expected: DistanceMap | None = None,
) -> Scene:
    """Return the scene of a case.

    Args:
        result: Content of ``result.json`` or ``finish.json``.
        skull: The skull and the part that the pictures show.
        mesh: Surface of the implant as the model made it.
        part: The part to be made, if there is one.
        expected: The expected error on the surface of the implant, if it is known.
    """
    maps = part.fit.maps if part else ()
    of_implant = [*maps] if part and not part.finished else []
    parts = [PaintedSurface(FINISHED, "Finished part", maps[0].mesh, maps)] if part and part.finished else []
    if expected is not None:
        of_implant = [one for one in of_implant if len(one.mesh.vertices) == len(expected.mesh.vertices)]
        mesh, of_implant = expected.mesh, [*of_implant, expected]
    parts.append(PaintedSurface("implant", "Implant as the model made it" if parts else "Implant", mesh, of_implant))
    pose = result["input"].get("pose")
    return make_scene(
        skull,
        parts,
        _legends(part),
        made=parts[0].key,
        case_id=result["case_id"],
        template_to_skull=np.array(pose["template_to_skull_ras_mm"]) if pose else None,
    )


def _legends(part: CheckedPart | None) -> dict[str, Legend]:
    """Return the legends of the maps, which are those of the pictures."""
    legends = {name: Legend(title, FIT_LEGENDS[name]) for name, title in _TITLES.items()}
    if part:
        wall_mm = part.fit.numbers["limits"]["wall_mm"]
        legends["thickness_mm"] = Legend(_TITLES["thickness_mm"], FIT_LEGENDS["thickness_mm"], least_mm=wall_mm)
    return legends | {"expected_error_mm": Legend("Expected error", "Expected error in mm")}
