"""The way out of the place: along which direction a part comes free, and what of it would collide with bone.

A rigid part that slides along a straight line collides where any of its points meets bone further along the line. Along
the third axis of a grid that is a running maximum; for other directions points are moved through the distance field.
Putting a part in is the same way backwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.box import corner_indices, foreground_box
from CraNeXtLib.geometry.distance_field import FAR_MM, aligned_grid, axes_towards, distance, field_of, span_of
from CraNeXtLib.geometry.volume import Volume

SEARCH_STEP_MM = 1.5
WIDEST_DEG = 50.0  # from the mean outward direction; further, a part would slide under the scalp
TRAVEL_MM = 40.0  # of the search; the undercut is then measured on the whole way
_COARSE_DEG = 10.0
_FINE_DEG = (4.0, 1.5)
_RIM_MM = 15.0  # points further from bone collide only where points nearer do
_MOST_POINTS = 12000


@dataclass(frozen=True, eq=False)
class Passage:
    """Points of a part and the distance to bone around them, to try directions on.

    Args:
        points: Points of the part, RAS mm, shape (N, 3).
        bone: Distance field of the bone on a coarse grid.
        point_ml: Volume that a point stands for, in mL.
    """

    points: np.ndarray
    bone: Volume
    point_ml: float

    def nearest_mm(self, direction: np.ndarray) -> np.ndarray:
        """Return how near each point comes to bone on its way along a direction, in mm, shape (N,)."""
        step = float(self.bone.spacing[0])
        start = self.bone.to_indices(self.points)
        along = np.linalg.solve(self.bone.affine[:3, :3], direction) * step
        nearest = np.full(len(start), FAR_MM)
        for place in range(int(TRAVEL_MM / step) + 1):
            samples = (start + place * along).T
            values = ndimage.map_coordinates(self.bone.voxels, samples, order=1, cval=FAR_MM, prefilter=False)
            nearest = np.minimum(nearest, values)
        return nearest

    def undercut_ml(self, direction: np.ndarray, clearance_mm: float) -> float:
        """Return about how much of the part comes nearer to bone than allowed on its way, in mL."""
        short = (clearance_mm - self.nearest_mm(direction)) / self.bone.spacing[0]
        return float(np.clip(short, 0, 1).sum()) * self.point_ml


def passage_of(piece: Volume, bone: Volume, outward: np.ndarray, *, clearance_mm: float) -> Passage:
    """Return what is needed to try directions for a piece: those of its points near the bone that keep the clearance.

    Args:
        piece: Mask of the piece.
        bone: Mask of the skull, of the same geometry.
        outward: RAS direction out of the head, shape (3,).
        clearance_mm: Points nearer to bone than this are left out.
    """
    grid = aligned_grid(span_of(piece), outward, margin_mm=0.75 * TRAVEL_MM, step_mm=SEARCH_STEP_MM)
    away = distance(field_of(bone, grid))
    part = field_of(piece, grid).voxels < 0
    places = np.argwhere(part & (away.voxels >= clearance_mm) & (away.voxels < _RIM_MM))
    every = -(-len(places) // _MOST_POINTS) or 1
    return Passage(grid.to_ras(places[::every]), away, every * grid.voxel_volume_mm3 / 1000)


def best_direction(passage: Passage, outward: np.ndarray, clearance_mm: float) -> np.ndarray:
    """Return the direction (RAS unit vector) that costs least of the part; among equals the one nearest to outward.

    Directions within 50° of outward are tried every 10°, then finer around the best.
    """
    outward = np.asarray(outward, dtype=float) / np.linalg.norm(outward)
    whole = max(len(passage.points) * passage.point_ml, 1e-9)

    def cost(direction: np.ndarray) -> float:
        return passage.undercut_ml(direction, clearance_mm) + 0.01 * whole * (1 - direction @ outward)

    best = min(directions_within(outward, WIDEST_DEG, _COARSE_DEG), key=cost)
    for angle in _FINE_DEG:
        least = cost(best)
        for _ in range(3):
            around = [d for d in directions_within(best, angle, angle) if d @ outward > np.cos(np.deg2rad(WIDEST_DEG))]
            costs = [cost(direction) for direction in around]
            if not costs or min(costs) >= least:
                break
            best, least = around[int(np.argmin(costs))], min(costs)
    return best


def directions_within(middle: np.ndarray, angle_deg: float, step_deg: float) -> list[np.ndarray]:
    """Return unit vectors at most an angle from the middle, on rings a step apart, the middle first."""
    axes = axes_towards(middle)
    directions = [axes[:, 2]]
    for ring in range(1, int(angle_deg / step_deg + 1e-6) + 1):
        angle = np.deg2rad(ring * step_deg)
        for turn in np.linspace(0, 2 * np.pi, 6 * ring, endpoint=False):
            local = [np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)]
            directions.append(axes @ local)
    return directions


def kept_on_the_way(forbidden: np.ndarray, overhead: np.ndarray) -> np.ndarray:
    """Return a field that is negative where neither a point nor any place above it is forbidden.

    Args:
        forbidden: Field whose positive values a part must not touch, shape (I, J, K), the last axis out of the head.
        overhead: Whether something lies above the whole column, shape (I, J).
    """
    swept = np.maximum.accumulate(forbidden[..., ::-1], axis=2)[..., ::-1]
    return np.where(overhead[..., None], np.float32(FAR_MM), swept)


def bone_above(bone: Volume, grid: Volume, clearance_mm: float) -> np.ndarray:
    """Tell for each column of a grid whether bone lies above it, beyond the grid, such as the cheek-bone.

    Args:
        bone: Mask of the skull.
        grid: Grid whose third axis is the way out.
        clearance_mm: Columns that come nearer than this count too.

    Returns:
        Bool, shape (I, J).
    """
    corners = corner_indices(foreground_box(bone.voxels))
    step = float(grid.spacing[0])
    heights = grid.to_indices(bone.to_ras(corners))[:, 2] - (grid.shape[2] - 1)
    coarse = max(1, round(1.0 / step))
    layers = int(np.ceil(heights.max() / coarse))
    blocked = np.zeros(grid.shape[:2], bool)
    if layers <= 0:
        return blocked
    affine = grid.affine.copy()
    affine[:3, 3] = grid.to_ras(np.array([[0, 0, grid.shape[2] - 1 + coarse]]))[0]
    affine[:3, :3] *= coarse
    to_bone = np.linalg.inv(bone.affine) @ affine
    shape = (*(-(-size // coarse) for size in grid.shape[:2]), layers)
    sampled = ndimage.affine_transform(
        bone.voxels.view(np.uint8), to_bone[:3, :3], to_bone[:3, 3], output_shape=shape, order=0
    )
    columns = sampled.any(axis=2)
    if columns.any():
        away = ndimage.distance_transform_edt(~columns) * coarse * step
        columns = away <= clearance_mm
        spread = columns.repeat(coarse, axis=0).repeat(coarse, axis=1)
        blocked = spread[: grid.shape[0], : grid.shape[1]]
    return blocked
