"""Whether an implant fits: gap and overlap along its rim, wall thickness, insertion, symmetry, weight.

Criteria with a limit are met or not. The limits are ours and NOT VALIDATED CLINICALLY.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from CraNeXtLib.anatomy.head.landmarks import SkullFrame, skull_frame
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.runtime.side_by_side import side_by_side
from CraNeXtLib.evaluation.criterion import Bound, Criterion
from CraNeXtLib.evaluation.distance_maps import DistanceMap
from CraNeXtLib.geometry.mask import check_same_geometry, mask, of_booleans
from CraNeXtLib.geometry.mesh import Mesh, solid_parts
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.fit.fit_limits import FitLimits
from CraNeXtLib.implant.fit.insertion_check import Insertion, check_insertion
from CraNeXtLib.implant.fit.materials import DEFAULT_MATERIAL, density_g_cm3, weight_g
from CraNeXtLib.implant.fit.rim_gap import percent_within, rim_gaps, taken_by_bevel
from CraNeXtLib.implant.fit.seat_angle import SeatAngles, joined_angles, seat_angles
from CraNeXtLib.implant.fit.segment_check import SegmentFit
from CraNeXtLib.implant.fit.symmetry import MirrorComparison, compare_with_mirrored
from CraNeXtLib.implant.fit.thickness import OUTER, sides, wall_thickness
from CraNeXtLib.implant.fit.thinnest_wall import thinnest_wall
from CraNeXtLib.implant.symmetry_plane import symmetry_plane

WALLS_UP_TO_MM = 10.0
"""Thickness up to which walls are measured, or 1.5 times the limit; thicker ones count as this."""

_Position = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class FitCheck:
    """Result of the fit check. All maps are on the implant's surface, NaN where nothing is measured.

    Attributes:
        criteria: Gap along the rim, overlap, seat angle, wall, insertion and watertightness, each with its verdict, and
            that segments go in past each other, if there are any.
        gap: Gap to the bone at the rim in mm, negative for overlap.
        thickness: Thickness in mm.
        symmetry: How far the outer side protrudes beyond the mirrored contralateral side, in mm.
        thickness_difference: How much thicker the implant is than the mirrored contralateral side, in mm.
        insertions: One for each connected part, largest first.
        numbers: All other measures, for JSON.
    """

    criteria: tuple[Criterion, ...]
    gap: DistanceMap
    thickness: DistanceMap
    symmetry: DistanceMap
    thickness_difference: DistanceMap
    insertions: tuple[Insertion, ...]
    numbers: dict[str, Any]

    @property
    def maps(self) -> tuple[DistanceMap, ...]:
        """The four maps, all on one mesh."""
        return self.gap, self.thickness, self.symmetry, self.thickness_difference

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the criteria that are not met."""
        return tuple(criterion.name for criterion in self.criteria if criterion.passed is False)

    def with_segments(self, segments: Sequence[SegmentFit], limits: FitLimits) -> FitCheck:
        """Return the check with a criterion on the way in of each segment."""
        worst = max(segments, key=lambda one: one.collision_mm)
        bound = Bound(at_most=limits.collision_mm)
        criterion = Criterion("segments", worst.collision_mm, "mm", bound, worst.place_ras_mm)
        return replace(self, criteria=(*self.criteria, criterion))

    def as_dict(self) -> dict[str, Any]:
        """Return the check for JSON."""
        return {
            "validated_clinically": False,
            "fits": not self.failed,
            "criteria": [criterion.as_dict() for criterion in self.criteria],
            "insertions": [asdict(insertion) for insertion in self.insertions],
            **self.numbers,
        }


def check_fit(
    implant: Volume,
    skull: Volume,
    *,
    mesh: Mesh | None = None,
    directions: Sequence[Sequence[float]] = (),
    material: str = DEFAULT_MATERIAL,
    limits: FitLimits | None = None,
    rim_bevel_deg: float = 0.0,
) -> FitCheck:
    """Check how an implant fits into a skull.

    Args:
        implant: Mask of the implant.
        skull: Mask of the defective skull, of the same geometry.
        mesh: Surface of the implant in RAS mm; by default it is extracted from the mask.
        directions: RAS directions in which the parts may be removed; if none is free for a part, one is searched.
        material: Material, for the weight; see ``materials``.
        limits: When the implant fits.
        rim_bevel_deg: Bevel that the rim was made with, which widens the gap below the outer edge; what it takes there
            is no misfit.

    Raises:
        InputError: If the geometries differ, a mask is empty or the material is unknown.
    """
    check_same_geometry(implant, skull)
    limits, density = limits or FitLimits(), density_g_cm3(material)
    if not mask(implant).any() or not mask(skull).any():
        raise InputError("The fit check needs an implant and a skull that are not empty.")
    mesh = mesh or surface_of(implant)
    skull = of_booleans(skull)
    frame = skull_frame(skull)
    side = sides(mesh, frame.center)
    (gaps, insertions, seat), (walls, smallest_wall_mm, thinnest, mirrored) = side_by_side(
        partial(_at_the_bone, mesh, side, skull, frame, directions, limits),
        partial(_of_the_walls, mesh, side, skull, frame, limits),
    )
    misfits = np.where(gaps > 0, np.maximum(gaps - taken_by_bevel(mesh, side, rim_bevel_deg), 0), gaps)
    compared = float(np.isfinite(mirrored.outside_mm).sum() / max((side == OUTER).sum(), 1))
    numbers = {
        "voxel_mm": [round(float(s), 4) for s in skull.spacing],
        "limits": asdict(limits),
        "rim_gap_mm": _quantiles(gaps),
        "rim_within_percent": percent_within(misfits, limits),
        "seat_angle_deg": seat.as_dict(),
        "overlap_ml": round(float((mask(implant) & skull.voxels).sum()) * skull.voxel_volume_mm3 / 1000, 3),
        "thickness_mm": _quantiles(walls[side == OUTER]),
        "smallest_wall_mm": smallest_wall_mm,
        "symmetry_mm": _quantiles(mirrored.outside_mm),
        "thickness_difference_mm": _quantiles(mirrored.thicker_mm),
        "symmetry_compared_percent": round(100 * compared, 1),
        "parts": len(insertions),
        "watertight": mesh.is_watertight,
        "volume_ml": round(mesh.volume_ml, 3),
        "material": material,
        "density_g_cm3": density,
        "weight_g": round(weight_g(mesh.volume_ml, material), 1),
    }
    return FitCheck(
        criteria=_criteria(mesh, gaps, misfits, insertions, seat, smallest_wall_mm, thinnest, limits),
        gap=DistanceMap(mesh, gaps, "gap_mm"),
        thickness=DistanceMap(mesh, walls, "thickness_mm"),
        symmetry=DistanceMap(mesh, mirrored.outside_mm, "symmetry_mm"),
        thickness_difference=DistanceMap(mesh, mirrored.thicker_mm, "thickness_difference_mm"),
        insertions=tuple(insertions),
        numbers=numbers,
    )


def _at_the_bone(
    mesh: Mesh,
    side: np.ndarray,
    skull: Volume,
    frame: SkullFrame,
    directions: Sequence[Sequence[float]],
    limits: FitLimits,
) -> tuple[np.ndarray, list[Insertion], SeatAngles]:
    """Return the gap at each vertex, how each part goes in, and the seat angles."""
    gaps, insertions, seats = np.full(len(mesh.vertices), np.nan), [], []
    for vertices in solid_parts(mesh):
        points = mesh.vertices[vertices]
        outward = points.mean(axis=0) - frame.center
        faces_bone = np.zeros(len(mesh.vertices), bool)
        gaps[vertices], faces_bone[vertices] = rim_gaps(mesh, vertices, side, skull, outward)
        insertions.append(check_insertion(points, skull, outward, directions, limit_mm=limits.collision_mm))
        seats.append(seat_angles(mesh, faces_bone, np.array(insertions[-1].outward_ras)))
    return gaps, insertions, joined_angles(seats)


def _of_the_walls(
    mesh: Mesh, side: np.ndarray, skull: Volume, frame: SkullFrame, limits: FitLimits
) -> tuple[np.ndarray, float, int | None, MirrorComparison]:
    """Return the thickness at each vertex, the thinnest wall and its vertex, and how the mirrored side differs."""
    most_mm = max(WALLS_UP_TO_MM, 1.5 * limits.wall_mm)
    smallest_mm, thinnest = thinnest_wall(mesh, most_mm, limit_mm=limits.wall_mm)
    smallest_mm = round(smallest_mm, 2)
    # Beside a sharp edge the other side is nearer than a wall is thick, and no wall is thinner than the thinnest.
    walls = np.maximum(wall_thickness(mesh, side), smallest_mm)
    mirrored = compare_with_mirrored(mesh, side, walls, skull, symmetry_plane(skull, frame), frame.center)
    return walls, smallest_mm, thinnest, mirrored


def _criteria(
    mesh: Mesh,
    gaps: np.ndarray,
    misfits: np.ndarray,
    insertions: Sequence[Insertion],
    seat: SeatAngles,
    wall_mm: float,
    thinnest: int | None,
    limits: FitLimits,
) -> tuple[Criterion, ...]:
    within, overlap, widest, deepest = percent_within(misfits, limits), None, None, None
    if within is not None:
        overlap = round(max(0.0, -float(np.nanmin(gaps))), 2)
        widest, deepest = _position(mesh, int(np.nanargmax(misfits))), _position(mesh, int(np.nanargmin(gaps)))
    thin = None if thinnest is None else _position(mesh, thinnest)
    least_deg, steepest = (seat.worst[0], _place(seat.worst[1])) if seat.worst else (None, None)
    tightest = max(insertions, key=lambda insertion: insertion.collision_mm)
    collision = Bound(at_most=limits.collision_mm)
    return (
        Criterion("rim_within", within, "%", Bound(at_least=limits.rim_percent), widest),
        Criterion("overlap", overlap, "mm", Bound(at_most=limits.overlap_mm), deepest),
        Criterion("seat", least_deg, "deg", Bound(at_least=limits.seat_deg), steepest),
        Criterion("wall", wall_mm, "mm", Bound(at_least=limits.wall_mm), thin),
        Criterion("insertion", tightest.collision_mm, "mm", collision, tightest.place_ras_mm),
        Criterion("watertight", float(mesh.is_watertight), "yes", Bound(at_least=1.0)),
    )


def _position(mesh: Mesh, vertex: int) -> _Position:
    return _place(mesh.vertices[vertex])


def _place(point: np.ndarray) -> _Position:
    r, a, s = np.round(point, 2).tolist()
    return r, a, s


def _quantiles(values: np.ndarray) -> dict[str, float] | None:
    """Return the range, the 5th and 95th percentile and the median of what was measured."""
    measured = values[np.isfinite(values)]
    if not measured.size:
        return None
    numbers = np.percentile(measured, [0, 5, 50, 95, 100])
    return dict(zip(("min", "p05", "median", "p95", "max"), np.round(numbers, 2).tolist(), strict=True))
