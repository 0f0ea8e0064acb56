"""What the scene shows: surfaces with their colors and maps, packed for the page."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from CraNeXtLib.anatomy.head.pose import bundled_template
from CraNeXtLib.cases.report.viewer.packed_mesh import UNKNOWN, VALUE_MM, pack_mesh
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE
from CraNeXtLib.evaluation.distance_maps import DistanceMap
from CraNeXtLib.geometry.affine import apply_affine
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.surface_extraction import surface_of_field
from CraNeXtLib.geometry.vertex_clusters import clustered
from CraNeXtLib.pictures.distance_pictures import UNMEASURED, color_range, color_stops
from CraNeXtLib.pictures.palette import AS_MADE, BONE, IMPLANT, TEMPLATE
from CraNeXtLib.pictures.skull_renderer import SkullScene

SKULL_CELL_MM, RIM_CELL_MM, PART_CELL_MM = 2.25, 1.0, 0.8
"""Cells in which vertices become one: of the skull, of the skull around the implant, and of parts."""

_AROUND_MM = 8.0  # how far around the implant the skull is shown in detail
_TEMPLATE_MM, _TEMPLATE_CELL_MM = 2.4, 3.0
_STEP_MM, _PART_STEP_MM = 0.05, 0.02  # positions are multiples of this
_LEVEL = 6  # of compression; more takes longer for a hundredth of the size


@dataclass(frozen=True, eq=False)
class PaintedSurface:
    """A surface and what can be painted on it.

    Args:
        key: Its name for the page's script, such as ``"implant"``.
        name: Its name for the reader.
        mesh: The surface.
        maps: Maps on this mesh.
    """

    key: str
    name: str
    mesh: Mesh
    maps: Sequence[DistanceMap] = ()


@dataclass(frozen=True)
class Scene:
    """The scene as the page holds it.

    Args:
        description: Names, colors, legends and sizes, for JSON.
        meshes: The packed meshes, one after the other, compressed with gzip.
    """

    description: dict[str, Any]
    meshes: bytes = field(repr=False)


@dataclass(frozen=True)
class Legend:
    """How a map is called, and what its colors mean.

    Args:
        title: Its name.
        text: What the colors mean, with the unit.
        least_mm: Where more is better, the value below which colors run to red.
    """

    title: str
    text: str
    least_mm: float | None = None


def make_scene(
    skull: SkullScene,
    parts: Sequence[PaintedSurface],
    legends: Mapping[str, Legend],
    *,
    made: str,
    case_id: str,
    template_to_skull: np.ndarray | None = None,
) -> Scene:
    """Return the scene of a skull and its implant.

    Args:
        skull: The skull and the part that the pictures show.
        parts: The implant, whose key is ``"implant"``, and the finished part, if there is one.
        legends: Legend by the name of the map; maps without one are left out.
        made: Key of the part that would be made, which is shown at first.
        case_id: Name of the case.
        template_to_skull: 4×4 matrix from RAS points of the bundled template to those of the skull, in mm; with one,
            the template can be shown.
    """
    surfaces, data = [], []
    for surface, color, state in _drawn(skull, parts, made, template_to_skull):
        if not len(surface.mesh.faces):
            continue
        shown = [one for one in surface.maps if one.name in legends]
        step_mm = _PART_STEP_MM if shown else _STEP_MM
        packed = pack_mesh(surface.mesh, *(one.values_mm for one in shown), step_mm=step_mm)
        surfaces.append(
            {
                "key": surface.key,
                "name": surface.name,
                "color": np.round(color, 3).tolist(),
                "state": state,
                "vertices": packed.vertices,
                "faces": packed.faces,
                "origin": packed.origin,
                "step": packed.step_mm,
                "maps": [one.name for one in shown],
                "lowest": packed.lowest_mm,
            }
        )
        data.append(packed.data)
    drawn = {surface["key"] for surface in surfaces}
    facing = skull.implant_direction
    description = {
        "case": case_id,
        "notice": RESEARCH_USE_NOTICE,
        "surfaces": surfaces,
        "maps": [
            _map(one, part.key, legends[one.name])
            for part in parts
            for one in part.maps
            if one.name in legends and part.key in drawn
        ],
        "unmeasured": UNMEASURED,
        "code": {"step": VALUE_MM, "unknown": UNKNOWN},
        "facing": None if facing is None else np.round(facing, 4).tolist(),
        "middle": np.round(skull.middle, 2).tolist(),
    }
    return Scene(description, gzip.compress(b"".join(data), _LEVEL, mtime=0))


def _drawn(
    skull: SkullScene, parts: Sequence[PaintedSurface], made: str, template_to_skull: np.ndarray | None
) -> Iterable[tuple[PaintedSurface, np.ndarray, str]]:
    """Return the surfaces with fewer faces, their colors, and whether they are shown at first."""
    yield PaintedSurface("skull", "Skull", _reduced_skull(skull)), BONE, "shown"
    for part in parts:
        reduced = clustered(part.mesh, PART_CELL_MM)
        maps = [DistanceMap(reduced.mesh, reduced.means(one.values_mm), one.name) for one in part.maps]
        color, state = (IMPLANT, "shown") if part.key == made else (AS_MADE, "hidden")
        yield PaintedSurface(part.key, part.name, reduced.mesh, maps), color, state
    if template_to_skull is not None:
        template = bundled_template()
        occupancy = shrink(template.with_voxels(template.voxels > 0), _TEMPLATE_MM)
        mesh = surface_of_field(occupancy.with_voxels(0.4 - occupancy.voxels), iterations=0)
        mesh = clustered(mesh, _TEMPLATE_CELL_MM).mesh
        placed = Mesh(apply_affine(template_to_skull, mesh.vertices), mesh.faces)
        yield PaintedSurface("template", "Template", placed), TEMPLATE, "hidden"


def _reduced_skull(skull: SkullScene) -> Mesh:
    """Return the skull with fewer faces, but for those around the implant."""
    mesh = skull.skull_surface
    if not len(mesh.faces):
        return mesh
    implant = skull.implant_points
    near = np.zeros(len(mesh.vertices), dtype=bool)
    if len(implant):
        low, high = implant.min(axis=0) - _AROUND_MM, implant.max(axis=0) + _AROUND_MM
        near = ((mesh.vertices > low) & (mesh.vertices < high)).all(axis=1)
    return clustered(mesh, SKULL_CELL_MM, fine_mm=RIM_CELL_MM, fine=near).mesh


def _map(distances: DistanceMap, surface: str, legend: Legend) -> dict[str, Any]:
    """Return how a map is painted: as in the pictures, with the same colors between the same ends."""
    low, high = color_range(distances.values_mm)
    stops, colors = color_stops(high, signed=low < 0, least_mm=legend.least_mm)
    measured = distances.values_mm[np.isfinite(distances.values_mm)]
    return {
        "key": distances.name,
        "title": legend.title,
        "text": legend.text,
        "surface": surface,
        "low": low,
        "high": high,
        "stops": stops,
        "colors": np.round(colors, 3).tolist(),
        "beyond": [bool((measured < low - 0.005).any()), bool((measured > high + 0.005).any())],
    }
