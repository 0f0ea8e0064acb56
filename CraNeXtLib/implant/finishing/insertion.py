"""The insertion path: the direction in which a part can be removed along a straight line, and what would collide.

A rigid part that slides along a straight line collides where any of its points meets bone farther along the line. Along
the third axis of a grid that is a running maximum; for other directions, points are moved through the distance field.
Insertion is the same path backward.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.box import corner_indices, foreground_box
from CraNeXtLib.geometry.distance_field import FAR_MM, aligned_grid, axes_toward, distance, field_of, span_of
from CraNeXtLib.geometry.volume import Volume

SEARCH_STEP_MM = 1.5
"""Spacing of the grid on which directions are compared."""
WIDEST_DEG = 50.0
"""Largest angle between the insertion direction and the direction out of the head; beyond it, a part would slide under
the scalp."""
TRAVEL_MM = 40.0
"""How far a part is moved in the search. The undercut is later measured over the whole path."""

_COARSE_DEG = 10.0
_FINE_DEG = (4.0, 1.5)
_RIM_MM = 15.0  # points farther from bone than this collide only where nearer ones do
_MOST_POINTS = 12000
_STRIDE = 4  # steps of the grid from one stop on a path to the next
_SHARE_POINTS = 1000  # tested at a time, so that a bad direction is given up early


@dataclass(frozen=True, eq=False)
class CollisionProbe:
    """Points of a part and the distance to bone around them, to test insertion directions.

    Args:
        points: Points of the part, RAS mm, shape (N, 3).
        bone: Distance to the bone, on a coarse grid.
        point_ml: Volume that a point stands for, in mL.
    """

    points: np.ndarray
    bone: Volume
    point_ml: float

    def collision_mm(self, direction: np.ndarray) -> float:
        """Return how deep the part cuts into bone on its path, in mm; 0 for not at all.

        Args:
            direction: RAS unit vector in which the part is removed, shape (3,).
        """
        return max(0.0, -float(self._clearance(slice(None), direction, 0.0).min(initial=0.0)))

    def deepest_point(self, direction: np.ndarray) -> np.ndarray:
        """Return the point of the part, in place, that cuts deepest into bone on the path, RAS mm, shape (3,)."""
        point: np.ndarray = self.points[self._clearance(slice(None), direction, 0.0).argmin()]
        return point

    def undercut_ml(self, direction: np.ndarray, clearance_mm: float, *, enough_ml: float = np.inf) -> float:
        """Return approximately how much of the part comes nearer to bone than allowed on its path, in mL.

        Args:
            direction: RAS unit vector in which the part is removed, shape (3,).
            clearance_mm: Clearance to the bone on the path.
            enough_ml: Once this is exceeded, only what was found so far is returned.
        """
        undercut_ml, shares = 0.0, len(self.points) // _SHARE_POINTS + 1
        for share in range(shares):
            clearance = self._clearance(slice(share, None, shares), direction, clearance_mm)
            short = (clearance_mm - clearance) / self.bone.spacing[0]
            undercut_ml += float(np.clip(short, 0, 1).sum()) * self.point_ml
            if undercut_ml > enough_ml:
                break
        return undercut_ml

    @cached_property
    def _start(self) -> np.ndarray:
        """Indices of the points in the distance to the bone, shape (3, N)."""
        return self.bone.to_indices(self.points).T

    def _clearance(self, chosen: slice, direction: np.ndarray, near_mm: float) -> np.ndarray:
        """Return how near points come to bone, in mm; where that is not nearer than asked, perhaps too much.

        Distances change by no more than the way between two points. Between two far ones, none can be near.
        """
        spacing = float(self.bone.spacing[0])
        along = np.linalg.solve(self.bone.affine[:3, :3], direction) * spacing
        start = self._start[:, chosen]

        def distances(points: np.ndarray, steps: np.ndarray) -> np.ndarray:
            path = points + along[:, None, None] * steps
            return ndimage.map_coordinates(self.bone.voxels, path, order=1, cval=FAR_MM, prefilter=False)

        last = int(TRAVEL_MM / spacing)
        stops = np.append(np.arange(0, last, _STRIDE), last)[:, None]
        at_stops = distances(start[:, None], stops)
        before, after = at_stops[:-1], at_stops[1:]
        way_mm = _STRIDE * spacing
        after = np.where(after < FAR_MM, after, before - way_mm)  # The border of the grid may lie between the two.
        stop, point = np.nonzero((before + after - way_mm) / 2 < near_mm)
        nearest = at_stops.min(axis=0)
        between = distances(start[:, None, point], np.minimum(stops[stop, 0] + np.arange(1, _STRIDE)[:, None], last))
        np.minimum.at(nearest, point, between.min(axis=0))
        return nearest


def collision_probe(piece: Volume, bone: Volume, outward: np.ndarray, *, clearance_mm: float) -> CollisionProbe:
    """Return the probe of a piece: its points near the bone that keep the clearance in place.

    Args:
        piece: Mask of the piece.
        bone: Mask of the skull, of the same geometry.
        outward: RAS direction out of the head, shape (3,).
        clearance_mm: Points closer to bone than this are excluded.
    """
    grid = aligned_grid(span_of(piece), outward, margin_mm=0.75 * TRAVEL_MM, step_mm=SEARCH_STEP_MM)
    bone_mm = distance(field_of(bone, grid))
    part = field_of(piece, grid).voxels < 0
    indices = np.argwhere(part & (bone_mm.voxels >= clearance_mm) & (bone_mm.voxels < _RIM_MM))
    every = -(-len(indices) // _MOST_POINTS) or 1
    return CollisionProbe(grid.to_ras(indices[::every]), bone_mm, every * grid.voxel_volume_mm3 / 1000)


def best_direction(probe: CollisionProbe, outward: np.ndarray, clearance_mm: float) -> np.ndarray:
    """Return the direction that costs the least of the part; among equals, the one nearest to outward.

    Directions within ``WIDEST_DEG`` of outward are tried every 10°, then finer ones around the best.

    Args:
        probe: Points of the part and the bone around them.
        outward: RAS direction out of the head, shape (3,).
        clearance_mm: Clearance to the bone on the path.

    Returns:
        RAS unit vector, shape (3,).
    """
    outward = np.asarray(outward, dtype=float) / np.linalg.norm(outward)
    whole_ml = max(len(probe.points) * probe.point_ml, 1e-9)

    def cheapest(directions: Iterable[np.ndarray], best: np.ndarray, least: float) -> tuple[np.ndarray, float]:
        """Return the first of the directions that cost the least, with its cost in mL, if that is less than so much."""
        for direction in directions:
            tilt_ml = 0.01 * whole_ml * (1 - direction @ outward)
            cost = tilt_ml + probe.undercut_ml(direction, clearance_mm, enough_ml=least - tilt_ml)
            if cost < least:
                best, least = direction, cost
        return best, least

    best, least = cheapest(directions_within(outward, WIDEST_DEG, _COARSE_DEG), outward, np.inf)
    for angle in _FINE_DEG:
        for _ in range(3):
            around = [d for d in directions_within(best, angle, angle) if d @ outward > np.cos(np.deg2rad(WIDEST_DEG))]
            before = least
            best, least = cheapest(around, best, least)
            if least == before:
                break
    return best


def directions_within(middle: np.ndarray, angle_deg: float, step_deg: float) -> list[np.ndarray]:
    """Return unit vectors within an angle of a direction, on rings a step apart, the direction itself first.

    >>> len(directions_within(np.array([0, 0, 1]), 20, 10))
    19
    """
    axes = axes_toward(middle)
    directions = [axes[:, 2]]
    for ring in range(1, int(angle_deg / step_deg + 1e-6) + 1):
        angle = np.deg2rad(ring * step_deg)
        for azimuth in np.linspace(0, 2 * np.pi, 6 * ring, endpoint=False):
            local = [np.sin(angle) * np.cos(azimuth), np.sin(angle) * np.sin(azimuth), np.cos(angle)]
            directions.append(axes @ local)
    return directions


def forbidden_on_path(forbidden: np.ndarray, covered: np.ndarray) -> np.ndarray:
    """Return a field that is negative where neither a point nor any point above it is forbidden.

    Args:
        forbidden: Field that is positive where a part must not be, shape (I, J, K); its last axis points out of the
            head.
        covered: Columns above which something lies beyond the grid, shape (I, J).
    """
    swept = np.maximum.accumulate(forbidden[..., ::-1], axis=2)[..., ::-1]
    return np.where(covered[..., None], np.float32(FAR_MM), swept)


def widening_outward(forbidden: np.ndarray, bevel_deg: float) -> np.ndarray:
    """Return a field that is negative where no point within a cone above it is forbidden, so that walls lean.

    From layer to layer downward, what is forbidden grows sideways by an upwind step of the level set equation (Osher
    and Sethian 1988, J Comput Phys 79:12).

    Args:
        forbidden: Field that is positive where a part must not be, shape (I, J, K), on cubic voxels; its last axis
            points out of the head.
        bevel_deg: Half the opening angle of the cone, at most 45°.
    """
    grown, growth = forbidden.copy(), np.float32(np.tan(np.deg2rad(bevel_deg)))  # in voxels for each layer
    for layer in range(forbidden.shape[2] - 2, -1, -1):
        above = grown[..., layer + 1]
        around = np.pad(above, 1, mode="edge")
        rise = [np.maximum(around[2:, 1:-1], around[:-2, 1:-1]), np.maximum(around[1:-1, 2:], around[1:-1, :-2])]
        steepness = np.hypot(*(np.maximum(higher - above, 0) for higher in rise))
        np.maximum(grown[..., layer], above + growth * steepness, out=grown[..., layer])
    return grown


def columns_under_bone(bone: Volume, grid: Volume, clearance_mm: float) -> np.ndarray:
    """Return which columns of a grid lie under bone beyond the grid, such as the zygomatic arch.

    Args:
        bone: Mask of the skull.
        grid: Grid whose third axis is the insertion direction.
        clearance_mm: Columns that come nearer to such bone than this count too.

    Returns:
        Bool, shape (I, J).
    """
    step = float(grid.spacing[0])
    corners = corner_indices(foreground_box(bone.voxels))
    heights = grid.to_indices(bone.to_ras(corners))[:, 2] - (grid.shape[2] - 1)
    coarse = max(1, round(1.0 / step))  # blocks of about 1 mm
    layers = int(np.ceil(heights.max() / coarse))
    if layers <= 0:
        return np.zeros(grid.shape[:2], bool)
    affine = grid.affine.copy()
    affine[:3, 3] = grid.to_ras(np.array([[0, 0, grid.shape[2] - 1 + coarse]]))[0]
    affine[:3, :3] *= coarse
    to_bone = np.linalg.inv(bone.affine) @ affine
    shape = (*(-(-size // coarse) for size in grid.shape[:2]), layers)
    sampled = ndimage.affine_transform(
        bone.voxels.view(np.uint8), to_bone[:3, :3], to_bone[:3, 3], output_shape=shape, order=0
    )
    columns = sampled.any(axis=2)
    if not columns.any():
        return np.zeros(grid.shape[:2], bool)
    distance_mm = ndimage.distance_transform_edt(~columns) * coarse * step
    near = (distance_mm <= clearance_mm).repeat(coarse, axis=0).repeat(coarse, axis=1)
    return near[: grid.shape[0], : grid.shape[1]]
