"""Whether an implant fits: gap and overlap along its rim, walls, the way in, symmetry, weight.

Where a criterion exists it is answered with yes or no. The limits are ours and NOT VALIDATED CLINICALLY.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import ndimage, sparse
from scipy.spatial import cKDTree

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.evaluation.criterion import Criterion
from CraNeXtLib.evaluation.distance_maps import CONTACT_MM, RIM_MM, DistanceMap
from CraNeXtLib.geometry.distance_field import aligned_grid, distance, field_of, fine_step_mm
from CraNeXtLib.geometry.mask import check_same_geometry, mask
from CraNeXtLib.geometry.mesh import Mesh, vertex_normals
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing.insertion import TRAVEL_MM, CollisionProbe, best_direction, directions_within
from CraNeXtLib.implant.fit.materials import DEFAULT_MATERIAL, density_g_cm3, weight_g
from CraNeXtLib.implant.fit.symmetry import compare_with_mirrored, symmetry_plane
from CraNeXtLib.implant.fit.thickness import sides, wall_thickness

FACING = 0.7  # cosine between the implant's normal and the way to the bone, above which a point looks at bone
BENEATH_MM = 3.0  # further from bone the inner side looks at the skull base, not at the rim
FEATHER_MM = 4.0  # beside the rim, where a slanted edge makes any implant thin
PASSAGE_STEP_MM = 1.0
PASSAGE_POINTS = 4000
CONE_STEP_DEG = 2.5
WIDEST_CONE_DEG = 20.0


@dataclass(frozen=True, kw_only=True)
class FitLimits:
    """When an implant fits; defaults of ours, not validated clinically.

    Attributes:
        gap_mm: Widest gap to the bone within tolerance.
        overlap_mm: Deepest overlap with bone within tolerance: about half a voxel of a head CT.
        rim_percent: Least share of the rim within both. A series of 39 PEEK implants had 95.17 % of measurements within
            its own tolerance (J Clin Med 2022, 11:2045).
        wall_mm: Least thickness, beside the slanted edge.
        collision_mm: Deepest touch of bone on the way in that counts as none.
    """

    gap_mm: float = 1.5
    overlap_mm: float = 0.3
    rim_percent: float = 95.0
    wall_mm: float = 2.0
    collision_mm: float = 0.3


@dataclass(frozen=True)
class Insertion:
    """How one piece goes in along a straight line.

    Attributes:
        outward_ras: Direction in which it comes out of its place, a RAS unit vector.
        collision_mm: How deep it would cut into bone on the way; 0 for not at all.
        free: Whether that is within the limit.
        cone_deg: By how much the direction may be changed to any side with the way still free, at most 20°.
    """

    outward_ras: tuple[float, float, float]
    collision_mm: float
    free: bool
    cone_deg: float


@dataclass(frozen=True, eq=False)
class FitCheck:
    """What the check found; maps are on the implant's surface, NaN where nothing is measured.

    Attributes:
        criteria: Gap along the rim, overlap, wall, insertion and watertight, each with its verdict.
        gap: Gap to the bone at the rim in mm, negative for overlap.
        thickness: Thickness in mm.
        symmetry: How far the outer side stands out beyond the mirrored other side, in mm.
        thickness_difference: How much thicker it is than the mirrored other side, in mm.
        insertions: One for each connected part, largest first.
        numbers: Everything else that was measured, for JSON.
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
) -> FitCheck:
    """Check how an implant fits into a skull.

    Args:
        implant: Mask of the implant.
        skull: Mask of the defective skull, of the same geometry.
        mesh: Surface of the implant in RAS mm; by default it is made from the mask.
        directions: RAS directions in which pieces come out of their places; where none is free, one is searched.
        material: For the weight; see ``materials``.
        limits: When it fits.

    Raises:
        InputError: If the geometries differ, a mask is empty or the material is unknown.
    """
    check_same_geometry(implant, skull)
    limits, density = limits or FitLimits(), density_g_cm3(material)
    if not mask(implant).any() or not mask(skull).any():
        raise InputError("The fit check needs an implant and a skull that are not empty.")
    mesh = mesh or surface_of(implant)
    skull = skull.with_voxels(mask(skull))
    frame = skull_frame(skull)
    side = sides(mesh, frame.center)
    walls = wall_thickness(mesh, side)
    gaps, insertions = np.full(len(mesh.vertices), np.nan), []
    for vertices in _parts(mesh):
        outward = mesh.vertices[vertices].mean(axis=0) - frame.center
        gaps[vertices] = _gaps(mesh, vertices, side, skull, outward)
        insertions.append(_insertion(mesh.vertices[vertices], skull, outward, directions, limits))
    other = compare_with_mirrored(mesh, side, walls, skull, symmetry_plane(skull, frame), frame.center)
    wall = _smallest_wall(mesh, side, walls, gaps)
    numbers = {
        "voxel_mm": [round(float(s), 4) for s in skull.spacing],
        "rim_gap_mm": _quantiles(gaps),
        "rim_within_percent": _within_percent(gaps, limits),
        "overlap_ml": round(float((mask(implant) & skull.voxels).sum()) * skull.voxel_volume_mm3 / 1000, 3),
        "thickness_mm": _quantiles(walls[side == 1]),
        "smallest_wall_mm": wall[0],
        "symmetry_mm": _quantiles(other.outside_mm),
        "thickness_difference_mm": _quantiles(other.thicker_mm),
        "symmetry_compared_percent": round(
            100 * float(np.isfinite(other.outside_mm).sum() / max((side == 1).sum(), 1)), 1
        ),
        "parts": len(insertions),
        "watertight": mesh.is_watertight,
        "volume_ml": round(mesh.volume_ml, 3),
        "material": material,
        "density_g_cm3": density,
        "weight_g": round(weight_g(mesh.volume_ml, material), 1),
    }
    criteria = _criteria(mesh, gaps, insertions, wall, limits)
    names = ("gap_mm", "thickness_mm", "symmetry_mm", "thickness_difference_mm")
    values = (gaps, walls, other.outside_mm, other.thicker_mm)
    maps = [DistanceMap(mesh, value, name) for name, value in zip(names, values, strict=True)]
    return FitCheck(criteria, *maps, tuple(insertions), numbers)


def _criteria(
    mesh: Mesh,
    gaps: np.ndarray,
    insertions: Sequence[Insertion],
    wall: tuple[float | None, int],
    limits: FitLimits,
) -> tuple[Criterion, ...]:
    within, overlap, widest, deepest = _within_percent(gaps, limits), None, None, None
    if within is not None:
        overlap = round(max(0.0, -float(np.nanmin(gaps))), 2)
        widest, deepest = (_place(mesh, int(find(gaps))) for find in (np.nanargmax, np.nanargmin))
    smallest, weakest = wall
    thinnest = None if smallest is None else _place(mesh, weakest)
    collision = max(insertion.collision_mm for insertion in insertions)
    return (
        _at_least("rim_within", within, "%", limits.rim_percent, widest),
        _at_most("overlap", overlap, "mm", limits.overlap_mm, deepest),
        _at_least("wall", smallest, "mm", limits.wall_mm, thinnest),
        _at_most("insertion", collision, "mm", limits.collision_mm, None),
        _at_least("watertight", float(mesh.is_watertight), "yes", 1.0, None),
    )


def _at_least(name: str, value: float | None, unit: str, least: float, place: Any) -> Criterion:
    return Criterion(name, value, unit, least, None if value is None else value >= least, place)


def _at_most(name: str, value: float | None, unit: str, most: float, place: Any) -> Criterion:
    return Criterion(name, value, unit, most, None if value is None else value <= most, place)


def _place(mesh: Mesh, vertex: int) -> tuple[float, float, float]:
    return tuple(np.round(mesh.vertices[vertex], 2).tolist())


def _parts(mesh: Mesh) -> list[np.ndarray]:
    """Return the vertices of each connected part, largest first; a cavity belongs to no part."""
    start, end = mesh.faces.ravel(), np.roll(mesh.faces, -1, axis=1).ravel()
    size = len(mesh.vertices)
    edges = sparse.coo_array((np.ones(len(start), bool), (start, end)), shape=(size, size))
    count, label = sparse.csgraph.connected_components(edges, directed=False)
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    volumes = np.bincount(label[mesh.faces[:, 0]], weights=np.einsum("ij,ij->i", a, np.cross(b, c)), minlength=count)
    return [np.flatnonzero(label == part) for part in np.argsort(-volumes) if volumes[part] > 0]


def _gaps(mesh: Mesh, vertices: np.ndarray, side: np.ndarray, skull: Volume, outward: np.ndarray) -> np.ndarray:
    """Return the gap at some vertices, shape (V,): to the bone that they look at, NaN if they look at none."""
    points = mesh.vertices[vertices]
    grid = aligned_grid(points, outward, margin_mm=RIM_MM, step_mm=fine_step_mm(skull))
    away = distance(field_of(skull, grid)).voxels
    places = grid.to_indices(points).T

    def sample(offset: np.ndarray) -> np.ndarray:
        return ndimage.map_coordinates(away, places + offset[:, None], order=1, mode="nearest", prefilter=False)

    gaps = sample(np.zeros(3))
    slope = np.stack([sample(unit) - sample(-unit) for unit in np.eye(3)], axis=1)
    towards = -slope @ (grid.affine[:3, :3] / grid.spacing).T
    towards /= np.maximum(np.linalg.norm(towards, axis=1, keepdims=True), 1e-9)
    looks_at_bone = (towards * vertex_normals(mesh)[vertices]).sum(axis=1) > FACING
    widest = np.where(side[vertices] == 0, RIM_MM, BENEATH_MM)
    return np.where((gaps < CONTACT_MM) | (looks_at_bone & (gaps < widest)), gaps, np.nan)


def _insertion(
    points: np.ndarray, skull: Volume, outward: np.ndarray, directions: Sequence[Sequence[float]], limits: FitLimits
) -> Insertion:
    """Find out how a part with these surface points goes in."""
    grid = aligned_grid(points, outward, margin_mm=0.75 * TRAVEL_MM, step_mm=PASSAGE_STEP_MM)
    away = distance(field_of(skull, grid))
    near = ndimage.map_coordinates(away.voxels, grid.to_indices(points).T, order=1, prefilter=False)
    order = np.argsort(near)
    probe = CollisionProbe(points[order[:: len(order) // PASSAGE_POINTS + 1]], away, 1.0)

    def collision(direction: np.ndarray) -> float:
        return max(0.0, -float(probe.clearance_along(direction).min()))

    given = [np.asarray(direction, dtype=float) / np.linalg.norm(direction) for direction in directions]
    best = min(given, key=collision, default=None)
    if best is None or collision(best) > limits.collision_mm:
        searched = best_direction(probe, outward, 0.0)
        best = searched if best is None or collision(searched) < collision(best) else best
    deepest, cone = collision(best), 0.0
    if deepest <= limits.collision_mm:
        for angle in np.arange(CONE_STEP_DEG, WIDEST_CONE_DEG + 1e-6, CONE_STEP_DEG):
            ring = directions_within(best, angle, angle)[1:]
            if any(collision(direction) > limits.collision_mm for direction in ring):
                break
            cone = float(angle)
    rounded = tuple(np.round(best, 4).tolist())
    return Insertion(rounded, round(deepest, 2), deepest <= limits.collision_mm, cone)


def _smallest_wall(mesh: Mesh, side: np.ndarray, walls: np.ndarray, gaps: np.ndarray) -> tuple[float | None, int]:
    """Return the least thickness away from the rim and its vertex."""
    measured = np.flatnonzero((side == 1) & np.isfinite(walls))
    rim = np.flatnonzero(np.isfinite(gaps))
    if len(rim) and len(measured):
        to_rim = cKDTree(mesh.vertices[rim]).query(mesh.vertices[measured])[0]
        measured = measured[to_rim > FEATHER_MM]
    if not len(measured):
        return None, -1
    weakest = int(measured[walls[measured].argmin()])
    return round(float(walls[weakest]), 2), weakest


def _within_percent(gaps: np.ndarray, limits: FitLimits) -> float | None:
    """Return the share of the rim's vertices within tolerance, in percent; None if no bone is near."""
    measured = gaps[np.isfinite(gaps)]
    if not measured.size:
        return None
    within = (measured >= -limits.overlap_mm) & (measured <= limits.gap_mm)
    return round(100 * float(within.mean()), 1)


def _quantiles(values: np.ndarray) -> dict[str, float] | None:
    measured = values[np.isfinite(values)]
    if not measured.size:
        return None
    numbers = np.percentile(measured, [0, 5, 50, 95, 100])
    return dict(zip(("min", "p05", "median", "p95", "max"), np.round(numbers, 2).tolist(), strict=True))
