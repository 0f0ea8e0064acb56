"""Plates across the rim of a part, with screws in the part and in the bone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing.fixation_settings import FixationSettings
from CraNeXtLib.implant.finishing.hole_candidates import Hole, Position, candidates, drill_hole, position
from CraNeXtLib.implant.finishing.plan_view import PlanView
from CraNeXtLib.implant.finishing.ray_surface import RaySurface
from CraNeXtLib.implant.finishing.rim_line import RimLine
from CraNeXtLib.implant.finishing.rods import Rods, spread_apart
from CraNeXtLib.implant.symmetry_plane import SymmetryPlane

PLAY_MM = 0.3
"""How much wider than a plate its recess is, on every side."""

_BESIDE_RIM_MM, _WALL_STEP_MM = (
    2.0,
    2.0,
)  # where walls beside a recess begin, and between places where they are measured


@dataclass(frozen=True)
class Plate:
    """A plate across the rim.

    Attributes:
        kind: ``"straight"`` or ``"pocket"``.
        place_ras_mm: Where it crosses the rim.
        along_ras: RAS unit vector along it, from part to bone.
        normal_ras: RAS unit normal of the outer surface there.
        next_mm: Distance to the next plate along the rim.
        recess_mm: Depth of its recess in the part, and of the one to be milled in bone.
        screws: Its screws, from the part's middle outward.
    """

    kind: str
    place_ras_mm: Position
    along_ras: Position
    normal_ras: Position
    next_mm: float
    recess_mm: float
    screws: tuple[Hole, ...]


def place_plates(
    rim: RimLine,
    part: RaySurface,
    bone: RaySurface,
    settings: FixationSettings,
    offsets_mm: Sequence[float],
    *,
    free: np.ndarray,
    midline: SymmetryPlane | None,
    wall_mm: float,
) -> tuple[list[Plate], int]:
    """Return plates spread evenly where their screws keep all distances, and how many were wanted.

    Args:
        rim: The rim.
        part: Surface of the part.
        bone: Surface of the bone.
        settings: What is wanted.
        offsets_mm: Distances of the screws from the rim on either side.
        free: Where a plate may cross the rim, bool of shape (N,).
        midline: The mid-sagittal plane, if screws keep clear of it.
        wall_mm: Least wall, also below a recess.
    """
    sides = [("screw in part", part, -offset) for offset in reversed(offsets_mm)]
    sides += [("screw in bone", bone, offset) for offset in offsets_mm]
    rows = []
    for purpose, surface, offset in sides:
        points = rim.points + offset * rim.outward
        row = candidates(purpose, surface, points, rim.normals, settings.screw_diameter_mm, midline)
        least_mm = settings.screw_depth_mm
        if surface is part:
            least_mm = max(least_mm, wall_mm + settings.recess_mm)
        free = free & row.allowed(
            depth_mm=least_mm, edge_mm=settings.screw_edge_mm, midline_mm=settings.midline_mm, wall_mm=wall_mm
        )
        rows.append(row)
    if settings.recess_mm:
        free = free & _walled(rim, part, settings, wall_mm)
    wanted = settings.plates or max(2, round(rim.length_mm / settings.plate_spacing_mm))
    half = settings.plate_length_mm / 2 * rim.outward
    width_mm = settings.plate_width_mm + 2 * PLAY_MM
    rods = [Rods(rim.points - half, rim.points + half, width_mm / 2), *(row.rods for row in rows)]
    stations = spread_apart(rim, free, wanted, width_mm + wall_mm, rods, wall_mm)
    plates = [
        Plate(
            settings.plate_kind,
            position(rim.points[station], 2),
            position(rim.outward[station], 4),
            position(rim.normals[station], 4),
            round(rim.distance_mm(station, following), 1),
            settings.recess_mm,
            tuple(row.hole(station) for row in rows),
        )
        for station, following in zip(stations, [*stations[1:], *stations[:1]], strict=True)
    ]
    return plates, wanted


def _walled(rim: RimLine, part: RaySurface, settings: FixationSettings, wall_mm: float) -> np.ndarray:
    """Return where a recess leaves walls beside it, bool of shape (N,)."""
    aside = settings.plate_width_mm / 2 + PLAY_MM + wall_mm
    across = np.cross(rim.normals, rim.outward)
    end = settings.plate_length_mm / 2 + PLAY_MM + wall_mm
    walled = np.ones(len(rim.points), bool)
    for inward in np.arange(_BESIDE_RIM_MM, end, _WALL_STEP_MM):
        for side in (-aside, aside):
            points = rim.points - inward * rim.outward + side * across
            walled &= part.below(points, rim.normals)[1] >= wall_mm
    return walled


def plate_columns(view: PlanView, plate: Plate, settings: FixationSettings) -> np.ndarray:
    """Return the distance of each column of a part to a plate's outline in mm, negative below it, shape (I, J)."""
    indices = np.concatenate([np.indices(view.top.shape), view.smooth_top[None]]).reshape(3, -1).T
    offsets = view.part.to_ras(indices) - plate.place_ras_mm
    along = np.array(plate.along_ras)
    across = np.cross(plate.normal_ras, along)
    outside = np.maximum(
        np.abs(offsets @ along) - settings.plate_length_mm / 2, np.abs(offsets @ across) - settings.plate_width_mm / 2
    )
    return outside.reshape(view.top.shape)


def with_plates(part: Volume, plates: Sequence[Plate], settings: FixationSettings) -> tuple[Volume, np.ndarray]:
    """Return a part with the recesses and screw holes of plates, and the columns below the plates, bool (I, J)."""
    view, field = PlanView(part), part.voxels.copy()
    covered = np.zeros(view.top.shape, bool)
    below = (view.smooth_top[..., None] + 0.5 - np.arange(part.shape[2])) * view.step * view.normals[..., 2:]
    for plate in plates:
        outside = plate_columns(view, plate, settings)
        covered |= outside <= PLAY_MM
        if plate.recess_mm:
            recess = np.maximum((outside - PLAY_MM)[..., None], below - plate.recess_mm)
            np.maximum(field, -recess.astype(field.dtype), out=field)
        for screw in plate.screws:
            if screw.purpose == "screw in part":
                drill_hole(field, part, screw)
    return part.with_voxels(field), covered & ndimage.binary_dilation(view.outline)
